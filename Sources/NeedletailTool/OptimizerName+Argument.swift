public import ArgumentParser
public import Training

extension OptimizerName: ExpressibleByArgument {}
