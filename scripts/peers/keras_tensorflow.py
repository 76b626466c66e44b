"""Keras on TensorFlow, its steps compiled as graphs; variant `xla` compiles them further."""

import math
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy
import tensorflow as tf
from tensorflow.keras import activations
from tensorflow.keras import layers as keras

import layers
import measuring

FUNCTIONS = {
    "relu": activations.relu, "selu": activations.selu,
    "gelu": lambda x: activations.gelu(x, approximate=False),
    "geluTanh": lambda x: activations.gelu(x, approximate=True), "silu": activations.silu,
    "sigmoid": activations.sigmoid, "tanh": activations.tanh, "softplus": activations.softplus,
    "softsign": activations.softsign, "hardSigmoid": activations.hard_sigmoid,
    "hardSwish": activations.hard_silu, "mish": activations.mish, "relu6": activations.relu6,
    "softmax": activations.softmax, "logSoftmax": activations.log_softmax,
}


def padded(window, x, value=0.0):
    """The padded images, and the padding that is left for the window itself."""
    if not window.pads:
        return x, "valid"
    if window.is_same:
        return x, "same"
    top, left, bottom, right = window.padding
    sides = ((0, 0), (top, bottom), (left, right), (0, 0))
    return tf.keras.ops.pad(x, sides, constant_values=value), "valid"


def convolution(layer, x):
    x, padding = padded(layer, x)
    common = {"strides": layer.strides, "padding": padding, "dilation_rate": layer.dilations,
              "use_bias": layer.bias}
    if layer.is_depthwise and layer.strides[0] == layer.strides[1]:
        multiplier = layer.output[-1] // layer.input[-1]
        return keras.DepthwiseConv2D(layer.size, depth_multiplier=multiplier, **common)(x)
    return keras.Conv2D(layer.output[-1], layer.size, groups=layer.groups, **common)(x)


def average_pool(layer, x):
    x, padding = padded(layer, x)
    y = keras.AveragePooling2D(layer.size, layer.strides, padding)(x)
    if layer.pads and padding == "valid":
        # The padding was averaged, too.
        y = y * (math.prod(layer.size) / numpy.outer(*layer.counts)[..., None]).astype("float32")
    return y


def applied(layer, x):
    match layer:
        case layers.Convolution():
            return convolution(layer, x)
        case layers.Dense():
            return keras.Dense(layer.output[0], use_bias=layer.bias)(x)
        case layers.BatchNorm():
            return keras.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon)(x)
        case layers.MaxPool():
            x, padding = padded(layer, x, -math.inf)
            return keras.MaxPooling2D(layer.size, layer.strides, padding)(x)
        case layers.AveragePool():
            return average_pool(layer, x)
        case layers.GlobalAveragePool():
            return keras.GlobalAveragePooling2D()(x)
        case layers.Reshape():
            return keras.Reshape(layer.output)(x)
        case layers.Activation(function="leakyReLU"):
            return keras.LeakyReLU(negative_slope=layer.parameter)(x)
        case layers.Activation(function="elu"):
            return keras.ELU(alpha=layer.parameter)(x)
        case layers.Activation():
            return keras.Activation(FUNCTIONS[layer.function])(x)
        case layers.Dropout():
            return keras.Dropout(layer.rate)(x)
        case layers.Rescale():
            return x * numpy.float32(layer.scale) + numpy.float32(layer.offset)
        case layers.Subsample():
            return x[:, ::layer.strides[0], ::layer.strides[1]]
        case layers.PadChannels():
            sides = ((0, 0),) * len(layer.input) + ((layer.before, layer.after),)
            return tf.keras.ops.pad(x, sides)
        case layers.Residual():
            return keras.Add()([sequence(layer.body, x), sequence(layer.shortcut, x)])
    raise measuring.Unable(f"Keras' side has no {type(layer).__name__}")


def sequence(listed, x):
    for layer in listed:
        x = applied(layer, x)
    return x


def main(options, network):
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(0)
    source = tf.keras.Input(network.input, batch_size=options.batch)
    try:
        model = tf.keras.Model(source, sequence(network.layers, source))
    except ValueError as error:  # Strides together with dilations, for one.
        raise measuring.Unable(measuring.first_line(error)) from error
    x = tf.constant(measuring.images(options, network))
    y = tf.constant(measuring.targets(options, network))
    found = {
        "parameters": sum(math.prod(variable.shape) for variable in model.trainable_variables),
        "output_shape": list(model.output_shape[1:]),
    }
    losses = tf.keras.losses
    loss = (losses.SparseCategoricalCrossentropy(from_logits=True) if network.has_logits
            else losses.MeanSquaredError())
    optimizer = tf.keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)
    xla = options.variant == "xla"

    @tf.function(jit_compile=xla)
    def train(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        optimizer.apply_gradients(
            zip(tape.gradient(value, model.trainable_variables), model.trainable_variables))
        return value

    @tf.function(jit_compile=xla)
    def infer(x):
        return model(x, training=False)

    # Reading a small part of the result waits for it.
    step = (lambda: train(x, y).numpy()) if options.phase == "train" else lambda: infer(x).numpy()
    # An OpError: what TensorFlow has no code for; a LookupError: what it has no gradient of.
    measuring.measure(options, found, step, refusals=(tf.errors.OpError, LookupError))


if __name__ == "__main__":
    measuring.run(main)
