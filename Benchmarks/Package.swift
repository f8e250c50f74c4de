// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "AnomalyKit", path: "..")],
  targets: [
    .executableTarget(
      name: "Work",
      dependencies: [.product(name: "AnomalyKit", package: "AnomalyKit")]),
    .executableTarget(
      name: "FalseAlarms",
      dependencies: [.product(name: "AnomalyKit", package: "AnomalyKit")]),
  ],
  swiftLanguageModes: [.v6]
)
