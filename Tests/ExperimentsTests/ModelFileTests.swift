import Datasets
import Detectors
import Diagnostics
import Execution
import Experiments
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@Suite struct ModelFileTests {
  /// A model of two-by-one pictures, standard scaled, in a file whose checksum
  /// is right after the edit.
  private func read(
    edited edit: (inout Safetensors) -> Void
  ) throws -> FittedPipeline {
    let samples = Matrix([[1, 2], [2, 5], [4, 3], [3, 9]])
    let set = SampleSet(
      samples: (0..<4).map { Sample(id: "\($0)", category: "c") },
      source: samples,
      imageShape: ImageShape(height: 2, width: 1, channels: 1))
    let detector = NamedDetector(
      "iforest", IsolationForest(nEstimators: 3))
    let fitted = try Pipeline(scaler: .standard, detector: detector).fit(
      DatasetCategory(name: "c", train: set, test: set), in: RunContext())
    let folder = try TemporaryFolder()
    let url = folder.file("model.safetensors")
    try fitted.write(to: url)
    var file = try Safetensors(contentsOf: url)
    edit(&file)
    try file.write(to: url)
    return try FittedPipeline(contentsOf: url)
  }

  @Test("A model that nobody edited is read")
  func whole() throws {
    #expect(try read { _ in }.model.featureCount == 2)
  }

  @Test("A model file tells where the model comes from")
  func origin() throws {
    let origin = try #require(try read { _ in }.origin)
    #expect(origin.version == anomalyKitVersion)
    #expect(origin.seed == 0)
    #expect(origin.dataChecksum.hasPrefix("crc32:"))
    #expect(!origin.vectorUnit.isEmpty)
    // As files of version 0.1.
    #expect(
      try read {
        $0.metadata["formatVersion"] = nil
        $0.metadata["version"] = nil
      }.origin == nil)
  }

  @Test("A file of a later format is refused by its version")
  func laterFormat() {
    let fault = #expect(throws: ExperimentFault.self) {
      try read {
        $0.metadata["formatVersion"] = "2"
        $0.metadata["version"] = "9.9.9"
      }
    }
    #expect(fault?.problem.description.contains("AnomalyKit 9.9.9") ?? false)
  }

  @Test(
    "Sizes that do not fit the model, or no image, are refused",
    arguments: [0, -2, 3, 1 << 40, Int.max])
  func imageShape(height: Int) {
    #expect(throws: ExperimentFault.self) {
      try read {
        $0.metadata["value"] = $0.metadata["value"]?.replacing(
          "\"height\":2", with: "\"height\":\(height)")
      }
    }
  }

  @Test("A scale of another number of features is refused")
  func scale() {
    #expect(throws: ExperimentFault.self) {
      try read { file in
        for name in ["scaler.offsets", "scaler.factors"] {
          file.tensors[name]?.shape = [1]
          file.tensors[name]?.bytes.removeLast(8)
        }
      }
    }
  }
}
