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
      dependencies: [.byName(name: name)] + dependencies + others),
  ]
}

let package = Package(
  name: "AnomalyKit",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "AnomalyKit", targets: ["AnomalyKit"]),
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
      library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
      .systemLibrary(name: "CVectorUnit"),
    ],
    room("Diagnostics"),
    room("Files", ["Diagnostics", "CZlib"]),
    room("Execution", ["Diagnostics", "Files", "CVectorUnit"]),
    room(
      "LinearAlgebra",
      ["Diagnostics", "Files", "Execution", "COpenBLAS", "CLAPACKE"]),
    room(
      "Images",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "CPNG", "CZlib",
      ]),
    room(
      "Datasets",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "Images", "CZlib",
      ]),
    room(
      "Features",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "Images",
        "Datasets",
      ]),
    room(
      "Detectors", ["Diagnostics", "Files", "Execution", "LinearAlgebra"],
      testedWith: ["Autoencoders", "Datasets", "Evaluation"]),
    room(
      "Autoencoders",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "Detectors",
        "CVectorUnit",
      ]),
    room("Evaluation", ["Diagnostics"]),
    room(
      "Experiments",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "Images",
        "Datasets", "Features", "Detectors", "Autoencoders", "Evaluation",
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
      testedWith: ["Features"]),
    room(
      "AnomalyKit",
      [
        "Diagnostics", "Files", "Execution", "LinearAlgebra", "Images",
        "Datasets", "Features", "Detectors", "Autoencoders", "Evaluation",
        "Experiments", "Plots", "Reporting",
      ]),
    [
      .executableTarget(
        name: "anomaly",
        dependencies: [
          "AnomalyKit",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
      .testTarget(
        name: "anomalyTests", dependencies: ["anomaly", "AnomalyKit"]),
      // Runs the commands of the pages; compiles the Swift in them.
      .executableTarget(
        name: "Documentation",
        dependencies: [
          "Images",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], path: "Tests/Documentation"),
      .executableTarget(
        name: "LibraryExamples", dependencies: ["AnomalyKit"],
        path: "Tests/LibraryExamples"),
      .testTarget(
        name: "DocumentationTests", dependencies: ["Documentation"]),
    ],
  ].flatMap { $0 },
  swiftLanguageModes: [.v6]
)

// Only `make docs` needs it, so nobody else fetches it.
if Context.environment["ANOMALYKIT_DOCS"] != nil {
  package.dependencies.append(
    .package(
      url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
