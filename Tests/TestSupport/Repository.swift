import Foundation

/// What lies in the repository beside the sources.
package enum Repository {
  /// The folder that holds Package.swift.
  package static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Models, a checkpoint and a study's runs, written by 0.1.0.
  package static let models = root.appending(path: "Tests/Models-0.1.0")
  package static let inspection = root.appending(path: "data/inspection")
  package static let hardInspection = root.appending(
    path: "data/inspection-hard")
  package static let fashionMNIST = root.appending(path: "data/fashion-mnist")
}
