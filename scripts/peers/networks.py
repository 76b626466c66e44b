"""The networks of needletail's presets, as data: each peer builds them from its own layers.

`needletail inspect PRESET` shows the original; compare-pytorch holds the numbers of parameters
against it. Peers are fed pixels from 0 to 1: the scaling of raw pixels, with which a preset begins,
is work that only needletail does.
"""


def conv(channels, kernel, stride=1, padding=0, bias=True):
    return ("conv", channels, kernel, stride, padding, bias)


def pool(size, stride=None, padding=0):
    return ("pool", size, stride or size, padding)


def dense(size, relu=False):
    return [("dense", size)] + ([RELU] if relu else [])


RELU, NORM, FLATTEN, MEAN = ("relu",), ("norm",), ("flatten",), ("mean",)


def normalized(channels, kernel=3, stride=1, relu=True):
    layers = [conv(channels, kernel, stride, kernel // 2, bias=False), NORM]
    return layers + ([RELU] if relu else [])


def residual(body, shortcut=None):
    return [("residual", body, shortcut), RELU]


def basic_block(channels, stride=1, projects=False):
    shortcut = normalized(channels, 1, stride, relu=False) if projects else None
    return residual(
        normalized(channels, 3, stride) + normalized(channels, relu=False), shortcut)


def bottleneck(channels, stride=1, projects=False):
    shortcut = normalized(4 * channels, 1, stride, relu=False) if projects else None
    return residual(
        normalized(channels, 1) + normalized(channels, 3, stride)
        + normalized(4 * channels, 1, relu=False), shortcut)


def mnist_cnn():
    return [conv(32, 3), RELU, pool(2), conv(64, 3), RELU, pool(2), conv(64, 3), RELU, FLATTEN,
            *dense(64, relu=True), *dense(10)]


def cifar_cnn():
    return [conv(32, 3), RELU, pool(2), conv(64, 3), RELU, pool(2), FLATTEN,
            *dense(128, relu=True), *dense(10)]


def mlp():
    return [*dense(512, relu=True), *dense(512, relu=True), *dense(10)]


def vgg8():
    layers = []
    for channels in (64, 128, 256, 512):
        layers += normalized(channels) + normalized(channels) + [pool(2)]
    return layers + [FLATTEN, *dense(10)]


def resnet18():
    layers = normalized(64)
    for stage, channels in enumerate((64, 128, 256, 512)):
        layers += basic_block(channels, 1 if stage == 0 else 2, projects=stage > 0)
        layers += basic_block(channels)
    return layers + [MEAN, *dense(10)]


def resnet50():
    layers = normalized(64, 7, 2) + [pool(3, 2, 1)]
    for stage, blocks in enumerate((3, 4, 6, 3)):
        layers += bottleneck(64 << stage, 1 if stage == 0 else 2, projects=True)
        for _ in range(blocks - 1):
            layers += bottleneck(64 << stage)
    return layers + [MEAN, *dense(1000)]


# Name: (shape of an image as height, width and channels; classes; layers).
NETWORKS = {
    "mlp": ((784,), 10, mlp()),
    "mnist-cnn": ((28, 28, 1), 10, mnist_cnn()),
    "cifar-cnn": ((32, 32, 3), 10, cifar_cnn()),
    "vgg8": ((32, 32, 3), 10, vgg8()),
    "resnet18": ((32, 32, 3), 10, resnet18()),
    "resnet50": ((224, 224, 3), 1000, resnet50()),
}
