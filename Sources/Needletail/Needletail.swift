// Needletail: what users import. Re-exports the targets that users need.
@_exported public import Benchmarks
@_exported public import Datasets
@_exported public import Evaluation
@_exported public import FilePaths
@_exported public import Graphs
@_exported public import Images
@_exported public import Layers
@_exported public import ModelFiles
@_exported public import Tensors
@_exported public import Threads
@_exported public import Training

@_exported public import struct Kernels.BLASError
@_exported public import struct Kernels.BLASLibrary
