import Datasets
import Execution
import Features
import Groups
import Images
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Experiments

/// What is taken when nobody chooses a detector.
@Suite struct UsualPipelineTests {
  private let catalog = DetectorCatalog.standard

  private func category(side: Int?, count: Int = 50) -> DatasetCategory {
    let shape = side.map { ImageShape(height: $0, width: $0, channels: 1) }
    let set = SampleSet(
      samples: (0..<count).map { Sample(id: "\($0)", category: "c") },
      source: Matrix(rows: count, columns: shape?.count ?? 4),
      imageShape: shape)
    return DatasetCategory(name: "c", train: set, test: set)
  }

  @Test(
    "Large pictures are seen locally, small ones by gradients, tables by an ensemble"
  )
  func choices() throws {
    let large = try catalog.usualPipeline(for: category(side: 128))
    #expect(large.pipeline.detector.name == "fusion")
    let small = try catalog.usualPipeline(for: category(side: 28))
    #expect(small.pipeline.detector.name == "lof")
    #expect(
      small.pipeline.features
        == FeatureRecipe(kind: .hog, size: PixelSize(square: 64)))
    #expect(small.note.text(for: .commandLine).contains("smaller than 128"))
    let table = try catalog.usualPipeline(for: category(side: nil))
    #expect(table.pipeline.detector.name == "ensemble")
    #expect(table.pipeline.features == FeatureRecipe())
  }

  @Test(
    "Of very many small pictures there are clusters, as many as are told")
  func clusters() throws {
    let samples = 20_001
    let usual = try catalog.usualPipeline(
      for: category(side: 8, count: samples))
    #expect(
      AnyHashable(usual.pipeline.detector.detector)
        == AnyHashable(
          try catalog.detector(named: "kmeans", ["n-clusters": "64"]).detector))
    let told = try catalog.usualPipeline(
      for: category(side: 8, count: samples), .off, nil,
      ["n-clusters": "5"])
    #expect(
      AnyHashable(told.pipeline.detector.detector)
        == AnyHashable(
          try catalog.detector(named: "kmeans", ["n-clusters": "5"]).detector)
    )
  }

  @Test("What is asked for is kept")
  func asked() throws {
    let asked = Preparation(
      features: FeatureRecipe(kind: .hog, size: PixelSize(square: 32)))
    let usual = try catalog.usualPipeline(
      for: category(side: 256), .off, asked)
    #expect(usual.pipeline.features == asked.features)
    #expect(usual.pipeline.detector.name == "lof")
    #expect(throws: ParameterFault.self) {
      try catalog.usualPipeline(
        for: category(side: 256), .off, nil, ["n-clusters": "3"])
    }
  }
}
