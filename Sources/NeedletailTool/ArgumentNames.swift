public import ArgumentParser
public import Datasets
public import Layers
public import Threads
public import Training

extension Preset: ExpressibleByArgument {}
extension OptimizerName: ExpressibleByArgument {}
extension ConvolutionAlgorithm: ExpressibleByArgument {}
extension Checkpointing.DivergenceAction: ExpressibleByArgument {}
extension CIFARFolder.Labels: ExpressibleByArgument {}
