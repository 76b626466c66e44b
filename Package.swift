// swift-tools-version: 6.2
import PackageDescription

// The targets follow the straight line of docs/architecture.md; dependencies point to the right
// of it, and down.

/// Settings of every Swift target.
let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .target(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude,
    resources: resources, swiftSettings: swiftSettings)
}

/// What `Needletail` re-exports.
///
/// Our own users of the umbrella name these, too: SwiftPM builds a target again when a module that
/// it names has changed, not when one behind a re-export has.
let userFacing: [Target.Dependency] = [
  "Tensors", "Threads", "Kernels", "Graphs", "Layers", "Datasets", "Images", "Training",
  "Evaluation", "ModelFiles", "FilePaths", "Benchmarks",
]

let package = Package(
  name: "needletail",
  products: [
    .library(name: "Needletail", targets: ["Needletail"]),
    .executable(name: "needletail", targets: ["NeedletailTool"]),
    .executable(name: "examples", targets: ["Examples"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
  ],
  targets: [
    // System libraries.
    // Loaded when it is needed, not linked: see docs/decisions/0024-openblas-is-loaded.md.
    .systemLibrary(name: "COpenBLAS", path: "Modules/COpenBLAS"),
    .systemLibrary(
      name: "CZlib", path: "Modules/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CPNG", path: "Modules/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CJPEG", path: "Modules/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(
      name: "CWebP", path: "Modules/CWebP", pkgConfig: "libwebp",
      providers: [.apt(["libwebp-dev"])]),

    // Names of files, which are bytes.
    library("FilePaths", []),

    // Mathematics.
    .target(name: "CKernels"),
    library("Threads", ["CKernels", "FilePaths"]),
    library("Kernels", ["Threads", "CKernels", "COpenBLAS"]),
    library("Tensors", ["Threads", "CKernels"]),

    // From a description of a network to its execution.
    library("Graphs", ["Tensors", "Kernels", "Threads"]),
    library("Layers", ["Graphs", "Tensors", "Threads"]),

    // From files to batches.
    library("Datasets", ["FilePaths", "Tensors", "Threads", "CKernels", "CZlib"]),
    .target(name: "CImageCodecs", dependencies: ["CPNG", "CJPEG"]),
    library(
      "Images",
      ["Datasets", "FilePaths", "Tensors", "Threads", "CKernels", "CImageCodecs", "CWebP"]),

    // Learning, and telling what was learnt.
    library("Evaluation", ["Tensors"]),
    library(
      "ModelFiles",
      [
        "Layers", "Graphs", "Tensors", "Threads", "FilePaths", "CZlib",
        .product(name: "Yams", package: "Yams"),
      ]),
    library(
      "Training",
      [
        "Layers", "Graphs", "Kernels", "CKernels", "Tensors", "Threads", "Datasets", "Evaluation",
        "ModelFiles", "FilePaths",
      ]),

    // Telling how fast it is.
    library(
      "Benchmarks",
      [
        "Training", "Layers", "Graphs", "Kernels", "CKernels", "Tensors", "Threads", "Datasets",
        "Images", "FilePaths", "CZlib", "CPNG", "CImageCodecs",
      ]),

    // What users import and run.
    library("Needletail", userFacing),
    .executableTarget(
      name: "NeedletailTool",
      dependencies: userFacing + [
        "Needletail",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "Examples", dependencies: userFacing + ["Needletail"], swiftSettings: swiftSettings),

    // Tests.
    .target(name: "CAllocationCount"),
    library("TestSupport", ["Tensors", "Threads", "Kernels", "Graphs"]),
    tests("ThreadsTests", ["Threads", "CKernels", "CAllocationCount"]),
    tests("FilePathsTests", ["FilePaths"]),
    tests("TensorsTests", ["Tensors", "CKernels"]),
    tests("KernelsTests", ["Kernels", "CKernels", "Threads", "Tensors"]),
    tests("GraphsTests", ["Graphs", "Kernels", "Tensors", "Threads"]),
    tests("LayersTests", ["Layers", "Graphs", "Tensors", "Threads"]),
    tests("DatasetsTests", ["Datasets", "Tensors", "Threads", "CKernels", "CZlib"]),
    // Pillow's recorded values are read beside the tests' source.
    tests(
      "ImagesTests",
      [
        "Images", "Datasets", "FilePaths", "Tensors", "Threads", "CPNG", "CImageCodecs", "CZlib",
        "ParserCases",
      ],
      exclude: ["Recorded"]),
    tests("EvaluationTests", ["Evaluation", "Tensors"]),
    tests("ModelFilesTests", ["ModelFiles", "FilePaths", "Layers", "Graphs", "Tensors"]),
    tests("BenchmarksTests", userFacing + ["Needletail", "CKernels"]),
    library(
      "ParserCases",
      [
        "Datasets", "Images", "ModelFiles", "Layers", "Graphs", "Tensors", "FilePaths",
        "CImageCodecs", "CWebP", "CZlib",
      ]),
    tests("HostileFileTests", ["ParserCases", "Datasets", "Images", "ModelFiles"]),
    tests("DocumentationTests", userFacing + ["Needletail"]),
    .executableTarget(
      name: "EmbeddingProgram", dependencies: userFacing + ["Needletail"],
      path: "Tests/EmbeddingProgram", swiftSettings: swiftSettings),
    .executableTarget(name: "RestrictedProgram", path: "Tests/RestrictedProgram"),
    // Runs the built executables.
    tests("ToolTests", ["EmbeddingProgram", "RestrictedProgram"]),
    // The golden files are read beside the tests' source.
    tests("TrainingTests", userFacing + ["Needletail", "CAllocationCount"], exclude: ["Golden"]),
    // The recorded bits are read beside the tests' source.
    tests("GoldenTests", userFacing + ["Needletail"], exclude: ["Golden"]),
    // The recorded cases are no resource: they are read beside the tests' source, or from the folder
    // that NEEDLETAIL_REFERENCE names.
    tests(
      "ReferenceTests", userFacing + ["Needletail"], exclude: ["Reference"]),
  ],
  swiftLanguageModes: [.v6]
)

// Links with libFuzzer only where everything is built for it, as scripts/fuzz does.
if Context.environment["NEEDLETAIL_FUZZING"] == "1" {
  package.targets.append(
    .executableTarget(
      name: "Fuzzing", dependencies: ["ParserCases", "ModelFiles"], path: "Tests/Fuzzing",
      swiftSettings: swiftSettings))
}
