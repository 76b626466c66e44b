public import ArgumentParser
public import Datasets
public import Images
public import Layers
public import Threads
public import Training

extension Preset: ExpressibleByArgument {}
extension OptimizerName: ExpressibleByArgument {}
extension ConvolutionAlgorithm: ExpressibleByArgument {}
extension Checkpointing.DivergenceAction: ExpressibleByArgument {}
extension ImageLayout: ExpressibleByArgument {}
extension ImageReading.Orientation: ExpressibleByArgument {}
extension ImageReading.Resizing: ExpressibleByArgument {}
extension CIFARFolder.Labels: ExpressibleByArgument {}
