"""PyTorch, eager or compiled, in its own layout or with channels last.

Variants: words of `compile` and `channels-last`, joined by commas.
"""

import torch
from torch import nn

import measuring
from networks import NETWORKS


class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def sequence(layers, channels):
    """The layers as a module, and the width of the result. `channels` is that of the input."""
    modules = []
    for kind, *values in layers:
        if kind == "conv":
            outputs, kernel, stride, padding, bias = values
            modules.append(nn.Conv2d(channels, outputs, kernel, stride, padding, bias=bias))
            channels = outputs
        elif kind == "norm":
            modules.append(nn.BatchNorm2d(channels))
        elif kind == "relu":
            modules.append(nn.ReLU(inplace=True))
        elif kind == "pool":
            modules.append(nn.MaxPool2d(*values))
        elif kind == "mean":
            modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        elif kind == "flatten":
            modules.append(nn.Flatten())
            channels = None
        elif kind == "dense":
            modules.append(nn.Linear(channels, *values) if channels else nn.LazyLinear(*values))
            channels = values[0]
        elif kind == "residual":
            body, outputs = sequence(values[0], channels)
            shortcut = sequence(values[1], channels)[0] if values[1] else nn.Identity()
            modules.append(Residual(body, shortcut))
            channels = outputs
    return nn.Sequential(*modules), channels


def build(name, batch_images):
    """The network and its input, images first brought to PyTorch's order of axes."""
    shape, _, layers = NETWORKS[name]
    x = torch.from_numpy(batch_images)
    if len(shape) == 3:
        x = x.permute(0, 3, 1, 2).contiguous()
    model, _ = sequence(layers, shape[-1])
    model.eval()
    with torch.no_grad():
        model(x[:1])  # Gives lazy layers their width.
    return model, x


def main():
    options = measuring.arguments()
    torch.set_num_threads(options.threads)
    # On one batch the loss goes to nothing, and its gradients with it.
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    images, labels = measuring.examples(options)
    model, x = build(options.model, images)
    y = torch.from_numpy(labels)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if "channels-last" in options.variant and x.dim() == 4:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    compiles = "compile" in options.variant

    if options.phase == "train":
        model.train()
        loss = nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

        def forward(x, y):
            return loss(model(x), y)

        if compiles:
            forward = torch.compile(forward)

        def step():
            optimizer.zero_grad(set_to_none=True)
            forward(x, y).backward()
            optimizer.step()

        measuring.measure(options, parameters, step)
        return

    if compiles:
        from torch._inductor import config

        config.freezing = True  # Weights are constants: normalisation is folded into them.
        model = torch.compile(model)
    with torch.inference_mode():
        measuring.measure(options, parameters, lambda: model(x))


if __name__ == "__main__":
    main()
