import json
import math
import pathlib
import tempfile
import unittest

import paths  # noqa: F401
import layers
from description import NetworkError
from networks import network, resolved
from presets import PRESETS


def parameter_count(listed):
    count = 0
    for layer in listed:
        match layer:
            case layers.Convolution():
                count += math.prod(layer.size) * layer.input[-1] // layer.groups * layer.output[-1]
            case layers.Dense():
                count += layer.input[0] * layer.output[0]
            case layers.BatchNorm():
                count += 2 * layer.input[-1]
            case layers.Residual():
                count += parameter_count(layer.body) + parameter_count(layer.shortcut)
        if isinstance(layer, (layers.Convolution, layers.Dense)) and layer.bias:
            count += layer.output[-1]
    return count


def one(shape, entry):
    """The layers of one entry of a network file."""
    return resolved([entry], shape)


class PresetTests(unittest.TestCase):
    def test_presets_have_the_parameters_that_inspect_shows(self):
        counts = {name: parameter_count(network(name).layers) for name in PRESETS}
        self.assertEqual(counts, {
            "mlp": 669_706, "lenet5": 61_706, "mnist-cnn": 93_322, "cifar-cnn": 315_722,
            "vgg8": 4_707_786, "resnet18": 11_173_962, "resnet20": 269_722,
            "resnet50": 25_557_032, "digits-cnn": 43_050})

    def test_presets_end_in_logits(self):
        for name in PRESETS:
            self.assertTrue(network(name).has_logits)
            self.assertEqual(network(name).output, (1000 if name == "resnet50" else 10,))

    def test_the_rescaling_at_the_beginning_is_not_a_layer(self):
        mlp = network("mlp")
        self.assertEqual([layer.scale for layer in mlp.rescaling], [(1 / 255,)])
        self.assertIsInstance(mlp.layers[0], layers.Dense)


class LayerTests(unittest.TestCase):
    def test_same_padding_puts_the_odd_pixel_at_the_end(self):
        conv, = one((17, 24, 3), {"Conv2D": {
            "outputChannels": 5, "kernelSize": [3, 5], "strides": 2, "padding": "same"}})
        self.assertEqual(conv.padding, (1, 1, 1, 2))
        self.assertEqual(conv.output, (9, 12, 5))
        self.assertTrue(conv.is_same)
        self.assertFalse(conv.is_symmetric)

    def test_dilations_count_for_same_padding(self):
        conv, = one((9, 9, 4), {"Conv2D": {
            "outputChannels": 4, "kernelSize": 3, "dilations": 2, "groups": 4, "padding": "same"}})
        self.assertEqual((conv.padding, conv.output), ((2, 2, 2, 2), (9, 9, 4)))
        self.assertTrue(conv.is_depthwise)

    def test_paddings_are_top_left_bottom_right(self):
        pool, = one((4, 6, 2), {"MaxPool2D": {
            "poolSize": 2, "strides": 1, "padding": [1, 0, 0, 0]}})
        self.assertEqual((pool.padding, pool.output), ((1, 0, 0, 0), (4, 5, 2)))

    def test_pools_touch_where_nothing_is_said(self):
        pool, = one((7, 7, 2), {"AveragePool2D": 3})
        self.assertEqual((pool.strides, pool.output), ((3, 3), (2, 2, 2)))

    def test_windows_at_the_border_see_fewer_pixels(self):
        pool, = one((4, 5, 1), {"AveragePool2D": {"poolSize": 3, "strides": 2, "padding": 1}})
        self.assertEqual(pool.counts, ([2, 3], [2, 3, 2]))

    def test_activations_are_layers_of_their_own(self):
        self.assertEqual(
            [type(layer) for layer in one((3,), {"Dense": {"outputSize": 2, "activation": "relu"}})],
            [layers.Dense, layers.Activation])
        parameters = [one((3,), {"Activation": entry})[0].parameter for entry in (
            "mish", "elu", {"elu": 0.5}, {"leakyReLU": {"slope": "1/5"}},
            {"function": "leakyReLU"})]
        self.assertEqual(parameters, [None, 1, 0.5, 0.2, 0.01])
        self.assertEqual(one((3,), {"Activation": "identity"}), [])

    def test_a_zero_padded_shortcut_takes_every_second_pixel(self):
        taken, widened = one((5, 4, 3), {"ZeroPaddedShortcut": {
            "outputChannels": 6, "strides": 2}})
        self.assertEqual(taken.output, (3, 2, 3))
        self.assertEqual((widened.before, widened.after, widened.output), (1, 2, (3, 2, 6)))

    def test_means_and_deviations_become_scales_and_offsets(self):
        layer, = one((2, 2, 2), {"Rescale": {"mean": [4, 6], "standardDeviation": [2, 4]}})
        self.assertEqual((layer.scale, layer.offset), ((0.5, 0.25), (-2, -1.5)))

    def test_numbers_that_yaml_leaves_as_texts_are_read(self):
        layer, = one((3,), {"BatchNorm": {"epsilon": "1e-4"}})
        self.assertEqual(layer.epsilon, 1e-4)

    def test_nothing_is_ignored(self):
        for shape, entry in [
            ((3,), {"Dense": {"outputSize": 2, "bias": False}}), ((3,), "Softmax"),
            ((3,), {"Activation": "swish"}), ((3,), {"Activation": {"relu": 1}}),
            ((4, 4, 3), {"Dense": 2}), ((4, 4, 3), {"Conv2D": 3}), ((3,), "MaxPool2D"),
            ((4, 4, 3), {"Conv2D": {"outputChannels": 4, "kernelSize": 5}}),
            ((4, 4, 3), {"Conv2D": {"outputChannels": 4, "kernelSize": 1, "groups": 2}}),
            ((4, 4, 3), {"Residual": {"body": [{"Conv2D": {"outputChannels": 4, "kernelSize": 1}}]}}),
            ((4,), {"Reshape": [3]}), ((3,), {"Dropout": "half"}), ((3,), {"Rescale": "1/0"}),
        ]:
            with self.subTest(entry), self.assertRaises(NetworkError):
                one(shape, entry)


class FileTests(unittest.TestCase):
    def network(self, description):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "network.json"
            path.write_text(json.dumps(description))
            return network(str(path))

    def test_classes_are_ten(self):
        self.assertEqual(self.network({"input": 5, "layers": [{"Dense": "classes"}]}).output, (10,))

    def test_a_softmax_at_the_end_is_no_logits(self):
        layers = [{"Dense": {"outputSize": 4, "activation": "softmax"}}]
        self.assertFalse(self.network({"input": [5], "layers": layers}).has_logits)
        self.assertFalse(self.network({"input": 5, "layers": [{"Dense": 1}]}).has_logits)
        self.assertFalse(self.network({"input": [4, 4, 1], "layers": ["MaxPool2D"]}).has_logits)

    def test_graphs_are_refused(self):
        with self.assertRaisesRegex(NetworkError, "not graphs"):
            self.network({"nodes": [], "outputs": []})

    def test_a_shape_is_needed(self):
        with self.assertRaisesRegex(NetworkError, "input:"):
            self.network({"layers": ["Flatten"]})


if __name__ == "__main__":
    unittest.main()
