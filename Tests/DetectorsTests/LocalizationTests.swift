import Detectors
import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite struct LocalizationTests {
  private let pictures = PlantedDefects()

  @Test(
    "The highest place of a heat map lies in the defect",
    arguments: [
      PCAReconstruction(nComponents: .count(3)),
      PCAReconstruction(nComponents: .count(3), mahalanobis: true),
      KMeansDistance(nClusters: 3),
      KMeansDistance(nClusters: 3, scaling: .spread),
      OneClassSVM(nu: 0.1),
    ] as [any Detector])
  func planted(detector: any Detector) throws {
    let model = try detector.fit(pictures.ordinary, in: RunContext(seed: 1))
    let localizing = try #require(model.localizing)
    let context = RunContext(imageShape: pictures.shape)
    let found = try localizing.localization(of: pictures.defective, in: context)
    #expect(pictures.found(by: found.maps) == [true, true, true, true])
    #expect(found.scores == (try model.scores(for: pictures.defective)))
  }

  @Test("Covering a defect with the picture's mean colour shows a forest where")
  func forest() throws {
    let model = try IsolationForest(nEstimators: 300)
      .fit(pictures.ordinary, in: RunContext(seed: 1))
    let found = try model.localization(
      of: pictures.defective, in: RunContext(imageShape: pictures.shape))
    // On the left the light varies too little for the mean to be ordinary.
    #expect(pictures.found(by: found.maps).dropFirst() == [true, true, true])
    #expect(found.scores == (try model.scores(for: pictures.defective)))
    #expect(!model.comparesMaps)
  }

  @Test("The map of a residual is its mean square over the channels")
  func meanSquares() throws {
    let model = try PCAReconstruction(nComponents: .count(3))
      .fit(pictures.ordinary)
    let found = try model.localization(
      of: pictures.defective, in: RunContext(imageShape: pictures.shape))
    // The score is the sum of all squares.
    expectClose(
      (0..<4).map { found.maps.row($0).reduce(0, +) * 3 }, found.scores,
      within: .relative(1e-4))
  }

  @Test("A centroid or support vector of a picture's own leaves an empty map")
  func nearest() throws {
    let some = pictures.ordinary.selecting(rows: 0..<5)
    for detector in [
      KMeansDistance(nClusters: 5), OneClassSVM(nu: 1),
    ] as [any Detector] {
      let model = try #require(try detector.fit(some).localizing)
      let maps = try model.localization(
        of: some, in: RunContext(imageShape: pictures.shape)
      ).maps
      #expect(maps.values.allSatisfy { $0 < 1e-9 })
    }
  }

  @Test("A few pictures at a time, and any number of threads: the same bits")
  func blocks() throws {
    for detector in [
      PCAReconstruction(nComponents: .count(9)), KMeansDistance(nClusters: 3),
      OneClassSVM(nu: 0.5),
    ] as [any Detector] {
      let all = PlantedDefects(count: 300).ordinary
      let model = try #require(try detector.fit(all).localizing)
      let whole = try model.localization(
        of: all, in: RunContext(threadCount: 2, imageShape: pictures.shape))
      #expect(whole.scores == (try model.scores(for: all)))
      for block in [0..<256, 256..<300, 16..<32] {
        let part = try model.localization(
          of: all.selecting(rows: block),
          in: RunContext(threadCount: 1, imageShape: pictures.shape))
        // OpenBLAS's kernels for Haswell round by the size of a product.
        expectClose(
          part.scores, Array(whole.scores[block]), within: .relative(1e-4))
        if block.lowerBound % 256 == 0 {
          #expect(part.scores == Array(whole.scores[block]), "\(detector)")
        }
        #expect(part.maps == whole.maps.selecting(rows: block))
      }
    }
  }

  @Test("Rows that are not known to be pictures are a fault")
  func tables() throws {
    let model = try PCAReconstruction().fit(pictures.ordinary)
    #expect(throws: DetectorFault.needsImages) {
      try model.localization(of: pictures.defective, in: RunContext())
    }
    let other = ImageShape(height: 3, width: 3, channels: 1)
    #expect(throws: DetectorFault.needsImages) {
      try model.localization(
        of: pictures.defective, in: RunContext(imageShape: other))
    }
  }
}
