import Datasets
import Detectors
import Evaluation
import Execution
import Features
import Files
import Foundation
import Images
import LinearAlgebra
import TestSupport
import Testing

@testable import Experiments

@Suite struct PixelFigureTests {
  private let folder: TemporaryFolder
  private let pictures = PlantedDefects()

  init() throws { folder = try TemporaryFolder() }

  /// The planted defects as files, with masks twice as large as the pictures.
  private func category(
    masks maskSize: PixelSize = PixelSize(width: 64, height: 48)
  ) throws -> DatasetCategory {
    func file(_ picture: ArraySlice<Float>, _ name: String) throws -> URL {
      let url = folder.file("\(name).png")
      try PNG.write(
        RasterImage(shape: pictures.shape, values: Array(picture)), to: url)
      return url
    }
    let ordinary = try (0..<pictures.ordinary.rows).map { row in
      Sample(
        id: "\(row)", category: "c", label: 0,
        image: try file(pictures.ordinary.row(row), "good-\(row)"))
    }
    let defective = try pictures.corners.enumerated().map { row, corner in
      let mask = folder.file("mask-\(row).png")
      var image = RasterImage(
        shape: ImageShape(
          height: maskSize.height, width: maskSize.width, channels: 1))
      for y in 0..<12 {
        for x in 0..<12 { image[2 * corner.1 + x, 2 * corner.0 + y, 0] = 1 }
      }
      try PNG.write(image, to: mask)
      return Sample(
        id: "d\(row)", category: "c", label: 1,
        image: try file(pictures.defective.row(row), "defect-\(row)"),
        mask: mask)
    }
    return DatasetCategory(
      name: "c", train: SampleSet(imageFiles: Array(ordinary.prefix(40))),
      test: SampleSet(imageFiles: ordinary.suffix(20) + defective))
  }

  private let features = FeatureRecipe(size: PixelSize(width: 16, height: 12))
  private let pca = NamedDetector(
    "pca", PCAReconstruction(nComponents: .count(3)))

  private func runs(
    _ category: DatasetCategory, _ detectors: [NamedDetector],
    threads: Int = 2
  ) throws -> [ComparisonRun] {
    try Comparison(
      dataset: Dataset(name: "d", kind: .mvtec, categories: [category]),
      detectors: detectors, features: features
    ).run(in: RunContext(threadCount: threads))
  }

  @Test("Figures are those of the maps at the size of the masks")
  func figures() throws {
    let category = try category()
    let run = try #require(try runs(category, [pca]).first)
    let pipeline = try Pipeline(features: features, detector: pca)
      .fit(category, in: RunContext())
    let rows = try pipeline.features.rows(
      of: category.test, columns: 16 * 12 * 3, in: RunContext()
    ).matrix()
    let maps = try #require(
      try pipeline.heatMaps(of: rows, in: RunContext()))
    var expected = PixelEvaluation()
    for (map, sample) in zip(maps, category.test.samples) {
      let size = PixelSize(square: sample.mask == nil ? 1 : 2)
      expected.add(
        map.interpolated(
          to: PixelSize(width: 32 * size.width, height: 24 * size.height)
        ).values,
        mask: try sample.mask.map { url in
          DefectMask(
            try PictureFile.decode(url).values.map { $0 > 0.5 }, width: 64)
        })
    }
    #expect(run.result.pixelAuroc == expected.auroc)
    #expect(run.result.aupro == expected.aupro())
    #expect(try #require(run.result.pixelAuroc) > 0.95)
    #expect(run.scores == (try pipeline.scores(for: category.test)))
    let alone = try runs(category, [pca], threads: 1)
    #expect(alone[0].result.pixelAuroc == run.result.pixelAuroc)
    #expect(alone[0].result.aupro == run.result.aupro)
  }

  @Test("Maps that take long are shown, and no figures made of them")
  func shownOnly() throws {
    let runs = try runs(
      try category(),
      [pca, NamedDetector("iforest", IsolationForest(nEstimators: 20))])
    #expect(runs.map { $0.result.aupro == nil } == [false, true])
    for run in runs {
      #expect(Set(run.heatMaps.keys) == Set(run.extremes.places))
      for (place, map) in run.heatMaps {
        #expect(map.size == run.pictures[place]?.size)
        #expect((run.masks[place] != nil) == (place >= 20))
      }
    }
  }

  @Test("A defect without a mask is left out; without any there are no figures")
  func missingMasks() throws {
    var category = try category()
    let whole = try runs(category, [pca])[0].result
    let unknown = category.test.samples[23]
    category.test.samples[23].mask = nil
    let fewer = try runs(category, [pca])[0].result
    #expect(fewer.aupro != nil)
    #expect(fewer.pixelAuroc != whole.pixelAuroc)
    category.test = SampleSet(
      imageFiles: category.test.samples.filter { $0.id != unknown.id })
    #expect(try runs(category, [pca])[0].result.pixelAuroc == fewer.pixelAuroc)
    for index in category.test.samples.indices {
      category.test.samples[index].mask = nil
    }
    #expect(try runs(category, [pca])[0].result.pixelAuroc == nil)
  }

  @Test("Masks are shown as they were counted, whatever becomes of the files")
  func changedMasks() throws {
    let category = try category()
    let context = RunContext(threadCount: 2)
    let whole = try runs(category, [pca])[0]
    var compared = try ComparedCategory(
      category, Workload(category, Preparation(features: features)), of: "d",
      in: context)
    for row in pictures.corners.indices {
      try folder.write("no picture", to: "mask-\(row).png")
    }
    let run = try compared.run(
      pca, seed: 0, shown: ExtremeSamples.count(forRuns: 1), in: context)
    #expect(!whole.masks.isEmpty)
    #expect(run.masks == whole.masks)
    #expect(run.result.aupro == whole.result.aupro)
  }

  @Test("A mask of another shape, and one that is no picture, are named")
  func unusableMasks() throws {
    let category = try category(masks: PixelSize(width: 64, height: 64))
    #expect {
      try runs(category, [pca])
    } throws: { error in
      let fault = error as? DatasetFault
      return fault?.kind == .data && fault?.place == folder.path("mask-0.png")
    }
    let broken = try self.category()
    try folder.write("no picture", to: "mask-2.png")
    #expect {
      try runs(broken, [pca])
    } throws: {
      ($0 as? FileFault)?.place == folder.path("mask-2.png")
    }
  }
}
