import ArgumentParser
import Needletail

/// How files that hold many images are read, where they do not tell it.
struct DataFormArguments: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: """
      Whether rows and columns of the images in IDX files are exchanged. (default: for files named \
      emnist, which are stored so)
      """)
  var transpose: Bool?

  @Option(
    help: ArgumentHelp(
      "Which labels of CIFAR-100 count. (default: fine)", valueName: "fine|coarse"))
  var cifarLabels: CIFARFolder.Labels?
}
