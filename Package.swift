// swift-tools-version: 6.0
import PackageDescription

// The floor plan: a room may import only the rooms named above it.

/// A C library of the system, found by pkg-config.
func library(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// A room and its test target of the same name, which may use more rooms.
func room(
  _ name: String, _ dependencies: [Target.Dependency] = [],
  testedWith others: [Target.Dependency] = []
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies),
    .testTarget(
      name: name + "Tests",
      dependencies: [.byName(name: name), "TestSupport"] + dependencies
        + others),
  ]
}

let package = Package(
  name: "AnomalyKit",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "AnomalyKit", targets: ["AnomalyKit"]),
    .library(name: "AnomalyCommand", targets: ["AnomalyCommand"]),
    .library(name: "AnomalyConformance", targets: ["AnomalyConformance"]),
    .executable(name: "anomaly", targets: ["anomaly"]),
  ],
  dependencies: [
    .package(
      url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(
      url: "https://github.com/hummingbird-project/swift-mustache",
      from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    [
      library("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
      library("CLAPACKE", pkgConfig: "lapacke", apt: "liblapacke-dev"),
      library("CPNG", pkgConfig: "libpng", apt: "libpng-dev"),
      library("CJPEG", pkgConfig: "libjpeg", apt: "libjpeg62-turbo-dev"),
      library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
      .systemLibrary(name: "CVectorUnit"),
    ],
    room("Diagnostics"),
    room("Parameters", ["Diagnostics"]),
    room("Files", ["Diagnostics", "CZlib"]),
    room("Execution", ["Diagnostics", "Files", "CVectorUnit"]),
    room(
      "LinearAlgebra",
      ["Diagnostics", "Files", "Execution", "COpenBLAS", "CLAPACKE"]),
    room("ONNX", ["Diagnostics", "Files"]),
    room("PNGDecoding", ["CZlib"]),
    room(
      "Images",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "PNGDecoding",
        "CPNG", "CJPEG",
      ], testedWith: ["CZlib"]),
    room(
      "Datasets",
      [
        "Diagnostics", "Parameters", "Files", "Execution", "LinearAlgebra",
        "Images", "CZlib",
      ]),
    room(
      "Features",
      [
        "Diagnostics", "Parameters", "Files", "Execution", "LinearAlgebra",
        "ONNX", "Images", "Datasets",
      ]),
    room(
      "LocalFeatures", ["Execution", "LinearAlgebra", "ONNX", "Images"]),
    room(
      "Detectors",
      [
        "Diagnostics", "Parameters", "Files", "Execution", "LinearAlgebra",
        "ONNX", "Images", "LocalFeatures",
      ],
      testedWith: ["Datasets", "Evaluation"]),
    room(
      "AnomalyConformance",
      [
        "Diagnostics", "Parameters", "Files", "Execution", "LinearAlgebra",
        "Detectors",
      ],
      testedWith: ["Autoencoders"]),
    room(
      "Autoencoders",
      [
        "Diagnostics", "Parameters", "Files", "Execution", "LinearAlgebra",
        "ONNX", "Detectors", "CVectorUnit",
      ], testedWith: ["AnomalyConformance"]),
    room(
      "Groups",
      [
        "Parameters", "Files", "Execution", "LinearAlgebra", "Datasets",
        "Features", "Detectors",
      ], testedWith: ["Evaluation"]),
    room("Evaluation", ["Diagnostics"]),
    room(
      "Experiments",
      [
        "Diagnostics", "Parameters", "Files", "Execution", "LinearAlgebra",
        "ONNX", "Images", "Datasets", "Features", "Detectors", "Groups",
        "Autoencoders", "Evaluation",
        "Yams",
      ]),
    room("Plots"),
    room(
      "Reporting",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "Images",
        "Datasets", "Detectors", "Evaluation", "Experiments", "Plots",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      testedWith: ["Parameters", "Features"]),
    room(
      "AnomalyKit",
      [
        "Diagnostics", "Parameters", "Files", "Execution", "LinearAlgebra",
        "Images", "Datasets", "Features", "Detectors", "Groups",
        "Autoencoders", "Evaluation",
        "Experiments", "Plots", "Reporting",
      ]),
    room(
      "AnomalyCommand",
      [
        "AnomalyKit",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], testedWith: ["anomaly"]),
    [
      // Looks for room before libraries are loaded; the command alone needs it.
      .target(name: "CAddressSpace"),
      .executableTarget(
        name: "anomaly", dependencies: ["AnomalyCommand", "CAddressSpace"]),
      .target(
        name: "TestSupport", dependencies: ["Execution", "LinearAlgebra"],
        path: "Tests/TestSupport"),
      // Runs the commands of the pages; compiles the Swift in them.
      .executableTarget(
        name: "Documentation",
        dependencies: [
          "Images",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], path: "Tests/Documentation"),
      // What fuzzing and the replay of its corpus read with.
      .target(
        name: "FuzzReaders", dependencies: ["AnomalyKit"],
        path: "Tests/Fuzz/Readers"),
      .testTarget(
        name: "FuzzReadersTests", dependencies: ["FuzzReaders", "TestSupport"]),
      // Reads a corpus once, for `make coverage`.
      .executableTarget(
        name: "Replay", dependencies: ["FuzzReaders"], path: "Tests/Fuzz/Replay"
      ),
      // Makes the n-th read, write, rename, thread or allocation fail.
      .executableTarget(
        name: "Faults", path: "Tests/Faults", exclude: ["interpose.c"]),
      .executableTarget(
        name: "LibraryExamples", dependencies: ["AnomalyKit"],
        path: "Tests/LibraryExamples"),
      .testTarget(
        name: "DocumentationTests",
        dependencies: ["Documentation", "TestSupport"]),
    ],
  ].flatMap { $0 },
  swiftLanguageModes: [.v6]
)

// Only `make fuzz` needs it: it links with libFuzzer.
if Context.environment["ANOMALYKIT_FUZZ"] != nil {
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    .executableTarget(
      name: "Fuzz", dependencies: ["FuzzReaders", "CFuzzer"],
      path: "Tests/Fuzz/Entry",
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
  ]
}

// Only `make deb` and `make dist` need it: in place of the data of locales, by
// this name, is linked in a table of none.
if let name = Context.environment["ANOMALYKIT_LOCALE_DATA"] {
  package.targets.append(
    .target(
      name: "CNoLocales", path: "Packaging/CNoLocales",
      cSettings: [.define("LOCALE_DATA", to: name)]))
  for target in package.targets where target.name == "anomaly" {
    target.dependencies.append("CNoLocales")
  }
}

// Only `make mpi` needs it: the command as one of several processes. No trait,
// as packages would look for MPI wherever it is not wanted.
if let name = Context.environment["ANOMALYKIT_MPI"] {
  package.targets += [
    .systemLibrary(name: "CMPI", pkgConfig: name),
    .target(
      name: "MPICommunication",
      dependencies: ["AnomalyKit", "AnomalyCommand", "CMPI"]),
    .executableTarget(
      name: "anomaly-mpi",
      dependencies: ["AnomalyCommand", "MPICommunication", "CAddressSpace"]),
  ]
}

// Only `make docs` needs it, so nobody else fetches it.
if Context.environment["ANOMALYKIT_DOCS"] != nil {
  package.dependencies.append(
    .package(
      url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
