"""Keras on TensorFlow, its steps compiled as graphs; variant `xla` compiles them further."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import tensorflow as tf
from tensorflow.keras import layers as keras

import measuring
from networks import NETWORKS


def sequence(layers, x):
    for kind, *values in layers:
        if kind == "conv":
            channels, kernel, stride, padding, bias = values
            if padding:
                x = keras.ZeroPadding2D(padding)(x)
            x = keras.Conv2D(channels, kernel, stride, use_bias=bias)(x)
        elif kind == "norm":
            x = keras.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        elif kind == "relu":
            x = keras.ReLU()(x)
        elif kind == "pool":
            size, stride, padding = values
            if padding:
                x = keras.ZeroPadding2D(padding)(x)  # Behind relu zero is as good as -inf.
            x = keras.MaxPooling2D(size, stride)(x)
        elif kind == "mean":
            x = keras.GlobalAveragePooling2D()(x)
        elif kind == "flatten":
            x = keras.Flatten()(x)
        elif kind == "dense":
            x = keras.Dense(*values)(x)
        elif kind == "residual":
            body, shortcut = values
            x = keras.Add()([sequence(body, x), sequence(shortcut, x) if shortcut else x])
    return x


def main():
    options = measuring.arguments()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(0)
    shape, _, layers = NETWORKS[options.model]
    source = tf.keras.Input(shape, batch_size=options.batch)
    model = tf.keras.Model(source, sequence(layers, source))
    images, labels = measuring.examples(options)
    x, y = tf.constant(images), tf.constant(labels)
    parameters = sum(variable.numpy().size for variable in model.trainable_variables)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
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
    if options.phase == "train":
        measuring.measure(options, parameters, lambda: train(x, y).numpy())
    else:
        measuring.measure(options, parameters, lambda: infer(x).numpy())


if __name__ == "__main__":
    main()
