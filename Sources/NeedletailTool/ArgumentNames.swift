public import ArgumentParser
public import Threads
public import Training

extension OptimizerName: ExpressibleByArgument {}
extension ConvolutionAlgorithm: ExpressibleByArgument {}
extension Checkpointing.DivergenceAction: ExpressibleByArgument {}
