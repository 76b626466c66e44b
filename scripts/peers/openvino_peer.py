"""OpenVINO, for inference, on the network that PyTorch exports.

Variants, by the hints of the same names: `latency` answers one request after the other; `throughput`
has as many under way as it recommends, and counts the images of all.
"""

import tempfile

import openvino
from openvino import properties
from openvino.properties import hint

import measuring
import onnx_export

HINTS = {
    "latency": hint.PerformanceMode.LATENCY, "throughput": hint.PerformanceMode.THROUGHPUT,
}


def main(options, network):
    settings = {
        hint.performance_mode: HINTS[options.variant],
        # Where the processor can, it would compute in bfloat16.
        hint.inference_precision: openvino.Type.f32,
        properties.inference_num_threads: options.threads,
    }
    with tempfile.TemporaryDirectory() as folder:
        path, x, found = onnx_export.exported(options, network, folder)
        compiled = openvino.Core().compile_model(path, "CPU", settings)
    # An array that it may read in place.
    feed = {0: openvino.Tensor(x, shared_memory=True)}
    if options.variant == "latency":
        request = compiled.create_infer_request()
        found["output_shape"] = onnx_export.shape_of(request.infer(feed)[0])
        measuring.measure(
            options, found, lambda: request.infer(feed, share_inputs=True, share_outputs=True))
        return

    queue = openvino.AsyncInferQueue(compiled)
    queue.start_async(feed)
    queue.wait_all()
    found["output_shape"] = onnx_export.shape_of(queue[0].get_output_tensor(0))

    def step():
        # Each waits until one of those under way has ended: in a window as many end as begin.
        for _ in range(len(queue)):
            queue.start_async(feed, share_inputs=True)

    measuring.measure(options, found, step, images_per_step=len(queue) * options.batch)
    queue.wait_all()


if __name__ == "__main__":
    measuring.run(main)
