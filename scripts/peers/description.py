"""Reads the values of a network file: `32`, `1/255`, `same`, `{elu: 0.5}`."""

# The argument that a layer takes without its name.
ALONE = {
    "Dense": "outputSize", "Conv2D": None, "BatchNorm": None, "MaxPool2D": "poolSize",
    "AveragePool2D": "poolSize", "GlobalAveragePool2D": None, "Flatten": None, "Reshape": "shape",
    "Activation": "function", "Dropout": "rate", "Rescale": "scale", "Residual": "body",
    "ZeroPaddedShortcut": "outputChannels", "Sequential": "layers",
}
# The functions, and the parameters of those that have one.
FUNCTIONS = {
    "identity": None, "relu": None, "leakyReLU": ("slope", 0.01), "elu": ("alpha", 1.0),
    "selu": None, "gelu": None, "geluTanh": None, "silu": None, "sigmoid": None, "tanh": None,
    "softplus": None, "softsign": None, "hardSigmoid": None, "hardSwish": None, "mish": None,
    "relu6": None, "softmax": None, "logSoftmax": None,
}
# They change neither shapes nor speed.
IGNORED = {"name", "weightInitializer", "inputSize", "inputChannels"}


class NetworkError(Exception):
    """A network that cannot be read, or not be built by a peer."""


def layer_entries(description):
    """The kinds and arguments of a list of layers."""
    if not isinstance(description, list):
        raise NetworkError(f"expected a list of layers, found {description!r}")
    for entry in description:
        if isinstance(entry, str):
            kind, arguments = entry, None
        elif isinstance(entry, dict) and len(entry) == 1:
            (kind, arguments), = entry.items()
        else:
            raise NetworkError(f"expected a layer, found {entry!r}")
        if kind not in ALONE:
            raise NetworkError(f"expected a layer of {', '.join(ALONE)}; found {kind}")
        yield kind, arguments


class checked:
    """Values, checked for what they are to be."""

    @staticmethod
    def whole(value):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise NetworkError(f"expected a whole number, found {value!r}")

    @staticmethod
    def number(value):
        # PyYAML takes 1e-5 for a text; 1/255 is one.
        try:
            if isinstance(value, str) and "/" in value:
                numerator, denominator = value.split("/")
                return float(numerator) / float(denominator)
            return float(value)
        except (ValueError, TypeError, ZeroDivisionError):
            raise NetworkError(f"expected a number, found {value!r}") from None

    @staticmethod
    def wholes(value):
        if not isinstance(value, list):
            raise NetworkError(f"expected a list of numbers, found {value!r}")
        return tuple(checked.whole(element) for element in value)

    @staticmethod
    def shape(value):
        return checked.wholes(value if isinstance(value, list) else [value])


class Arguments:
    """The arguments of a layer: each is read once, and none may be left over."""

    def __init__(self, kind, arguments, classes):
        self.kind, self.classes = kind, classes
        named = isinstance(arguments, dict) and not (
            kind == "Activation" and len(arguments) == 1 and set(arguments) <= set(FUNCTIONS))
        if arguments is None:
            arguments = {}
        elif not named:
            if ALONE[kind] is None:
                raise NetworkError(f"{kind}: expected arguments by name, found {arguments!r}")
            arguments = {ALONE[kind]: arguments}
        self.left = {name: value for name, value in arguments.items() if name not in IGNORED}

    def finish(self):
        if self.left:
            raise NetworkError(f"{self.kind}: found {', '.join(map(str, self.left))}, which is unknown")

    def has(self, name):
        return name in self.left

    def take(self, name, *default):
        if name not in self.left and not default:
            raise NetworkError(f"{self.kind}: expected {name}")
        return self.left.pop(name, *default)

    def count(self, name, *default):
        value = self.take(name, *default)
        return self.classes if value == "classes" else checked.whole(value)

    def number(self, name, *default):
        return checked.number(self.take(name, *default))

    def numbers(self, name):
        value = self.take(name)
        if not isinstance(value, list):
            raise NetworkError(f"{self.kind}: expected a list as {name}, found {value!r}")
        return [checked.number(element) for element in value]

    def truth(self, name, default):
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise NetworkError(f"{self.kind}: expected true or false as {name}, found {value!r}")
        return value

    def shape(self, name):
        return checked.shape(self.take(name))

    def layers(self, name, *default):
        return self.take(name, *default)

    def size(self, name, *default):
        value = self.take(name, *default)
        size = checked.wholes(list(value)) if isinstance(value, (list, tuple)) else (
            (checked.whole(value),) * 2)
        if len(size) != 2:
            raise NetworkError(f"{self.kind}: expected two numbers as {name}, found {value!r}")
        return size

    def padding(self):
        """`same`, or (top, left, bottom, right)."""
        value = self.take("padding", "valid")
        if value == "same":
            return value
        sides = (0,) * 4 if value == "valid" else (
            checked.wholes(value) if isinstance(value, list) else (checked.whole(value),) * 4)
        if len(sides) != 4:
            raise NetworkError(f"{self.kind}: expected four numbers as padding, found {value!r}")
        return sides

    def function(self, name, *default):
        """An activation function's name, and its parameter if it has one."""
        value = self.take(name, *default)
        function, given = next(iter(value.items())) if isinstance(value, dict) and value else (
            value, None)
        if function not in FUNCTIONS or (given is not None and FUNCTIONS[function] is None):
            raise NetworkError(f"{self.kind}: expected an activation function, found {value!r}")
        if FUNCTIONS[function] is None:
            return function, None
        parameter, usual = FUNCTIONS[function]
        if isinstance(given, dict):
            given = given.get(parameter)
        return function, usual if given is None else checked.number(given)
