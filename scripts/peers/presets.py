"""Needletail's presets, in the schema of its network files.

They follow Sources/Layers/Architectures by hand; scripts/compare holds the numbers of parameters and
the shapes of results against the original.
"""


def conv(channels, kernel, **arguments):
    return {"Conv2D": {"outputChannels": channels, "kernelSize": kernel, **arguments}}


def dense(size, activation="identity"):
    return {"Dense": {"outputSize": size, "activation": activation}}


def normalized(channels, kernel=3, strides=1, activation="relu"):
    """A convolution without bias that keeps the size but for its strides, and normalisation."""
    return [conv(channels, kernel, strides=strides, padding=kernel // 2, useBias=False),
            {"BatchNorm": {"activation": activation}}]


def residual(body, shortcut=None):
    arguments = {"activation": "relu", "body": body}
    return {"Residual": arguments | ({"shortcut": shortcut} if shortcut else {})}


def projection(channels, strides):
    return normalized(channels, 1, strides, "identity")


def basic_block(channels, strides=1, shortcut=None):
    return residual(
        normalized(channels, 3, strides) + normalized(channels, activation="identity"), shortcut)


def bottleneck(channels, strides=1, shortcut=None):
    return residual(
        normalized(channels, 1) + normalized(channels, 3, strides)
        + normalized(4 * channels, 1, activation="identity"), shortcut)


RELU = {"activation": "relu"}
SAME_RELU = {"activation": "relu", "padding": "same"}


def mlp():
    return [dense(512, "relu"), dense(512, "relu"), dense(10)]


def lenet5():
    return [conv(6, 5, **SAME_RELU), "MaxPool2D", conv(16, 5, **RELU), "MaxPool2D", "Flatten",
            dense(120, "relu"), dense(84, "relu"), dense(10)]


def mnist_cnn():
    return [conv(32, 3, **RELU), "MaxPool2D", conv(64, 3, **RELU), "MaxPool2D",
            conv(64, 3, **RELU), "Flatten", dense(64, "relu"), dense(10)]


def cifar_cnn():
    return [conv(32, 3, **RELU), "MaxPool2D", conv(64, 3, **RELU), "MaxPool2D", "Flatten",
            dense(128, "relu"), dense(10)]


def digits_cnn():
    return [conv(32, 3, **SAME_RELU), conv(32, 3, **SAME_RELU), "MaxPool2D", "Flatten",
            dense(64, "relu"), dense(10)]


def vgg8():
    layers = []
    for channels in (64, 128, 256, 512):
        layers += [*normalized(channels), *normalized(channels), "MaxPool2D"]
    return [*layers, "Flatten", dense(10)]


def resnet18():
    layers = normalized(64)
    for stage, channels in enumerate((64, 128, 256, 512)):
        strides = 1 if stage == 0 else 2
        layers.append(
            basic_block(channels, strides, projection(channels, strides) if stage else None))
        layers.append(basic_block(channels))
    return [*layers, "GlobalAveragePool2D", dense(10)]


def resnet20():
    layers = normalized(16)
    for stage, channels in enumerate((16, 32, 64)):
        shortcut = [{"ZeroPaddedShortcut": {"outputChannels": channels, "strides": 2}}]
        layers.append(basic_block(channels, 2, shortcut) if stage else basic_block(channels))
        layers += [basic_block(channels), basic_block(channels)]
    return [*layers, "GlobalAveragePool2D", dense(10)]


def resnet50():
    layers = [*normalized(64, 7, 2), {"MaxPool2D": {"poolSize": 3, "strides": 2, "padding": 1}}]
    for stage, blocks in enumerate((3, 4, 6, 3)):
        channels, strides = 64 << stage, 1 if stage == 0 else 2
        layers.append(bottleneck(channels, strides, projection(4 * channels, strides)))
        layers += [bottleneck(channels) for _ in range(blocks - 1)]
    return [*layers, "GlobalAveragePool2D", dense(1000)]


def described(shape, layers):
    return {"input": shape, "layers": [{"Rescale": "1/255"}, *layers]}


PRESETS = {
    "mlp": described([784], mlp()),
    "lenet5": described([28, 28, 1], lenet5()),
    "mnist-cnn": described([28, 28, 1], mnist_cnn()),
    "cifar-cnn": described([32, 32, 3], cifar_cnn()),
    "vgg8": described([32, 32, 3], vgg8()),
    "resnet18": described([32, 32, 3], resnet18()),
    "resnet20": described([32, 32, 3], resnet20()),
    "resnet50": described([224, 224, 3], resnet50()),
    "digits-cnn": described([8, 8, 1], digits_cnn()),
}
