import Datasets
import Detectors
import Evaluation
import Execution
import Features
import Files
import LinearAlgebra
import TestSupport
import Testing

@testable import Groups

@Suite struct GroupedDetectorTests {
  /// Two kinds of rows, each with a scale of its own, in turn.
  private func rows(_ count: Int, seed: UInt64, shift: Float = 0) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      (0..<count).map { row in
        (0..<6).map { column in
          let width: Float = row % 2 == 0 ? 1 : 0.05
          return (row % 2 == 0 ? 0 : 20)
            + width
            * (Float.random(in: -1...1, using: &generator)
              + (column == 0 ? shift : 0))
        }
      })
  }

  private let detector = GroupedDetector(
    KMeansDistance(nClusters: 2, nInit: 1))

  @Test("Groups are found, each has a model, and scores have one scale")
  func groups() throws {
    let model = try detector.fit(rows(200, seed: 1))
    #expect(model.groupCount == 2)
    let test = rows(60, seed: 2)
    let strange = rows(60, seed: 3, shift: 4)
    let groups = try model.groups(of: test, in: RunContext())
    #expect(Set(groups.indices.map { groups[$0] == groups[$0 % 2] }) == [true])
    // Of the narrow kind a shift is 0.2, which a model of all rows does not see
    // beside the width of the other.
    let evaluation = try Evaluation(
      scores: model.scores(for: test) + model.scores(for: strange),
      labels: [Int](repeating: 0, count: 60) + [Int](repeating: 1, count: 60))
    let alone = try detector.base.fit(rows(200, seed: 1))
    let ungrouped = try Evaluation(
      scores: alone.scores(for: test) + alone.scores(for: strange),
      labels: [Int](repeating: 0, count: 60) + [Int](repeating: 1, count: 60))
    #expect(evaluation.auroc > 0.95)
    #expect(ungrouped.auroc < 0.9)
  }

  @Test("A sample that fits no group is strange")
  func stranger() throws {
    let model = try detector.fit(rows(200, seed: 1))
    let known = try model.scores(for: rows(60, seed: 2))
    let stranger = try model.scores(
      for: Matrix([[Float](repeating: 300, count: 6)]))
    #expect(stranger[0] > (known.max() ?? 0) + 100)
  }

  @Test("Scores of training samples are of models that did not learn from them")
  func heldOut() throws {
    let model = try detector.fit(rows(200, seed: 1))
    let heldOut = model.heldOutScores
    #expect(heldOut.count == 200)
    let new = try model.scores(for: rows(400, seed: 5))
    let threshold = try Calibration(
      leftOut: heldOut, falseAlarms: FalseAlarmRate(0.05))
    let alarms = new.count { threshold.isExceeded(by: $0) }
    #expect((4...44).contains(alarms), "\(alarms) of 400, 20 are promised")
  }

  @Test("A saved model is the same to the bit", arguments: [false, true])
  func saved(ofPictures: Bool) throws {
    var context = RunContext()
    let dataset = try Dataset(at: Repository.inspection).pooled()
    let source = ofPictures ? dataset.train.source : rows(100, seed: 1)
    if ofPictures { context.imageShape = dataset.train.imageShape }
    let model = try GroupedDetector(PCAReconstruction())
      .fit(source, in: context)
    let read = try Safetensors(encoding: model).decode(
      GroupedModel<PCAReconstructionModel>.self)
    let test =
      ofPictures
      ? dataset.test.selecting([0, 70, 150]).source : rows(20, seed: 2)
    #expect(try read.scores(for: test) == model.scores(for: test))
  }

  @Test("One group orders samples as the detector alone does")
  func oneGroup() throws {
    let samples = rows(100, seed: 1)
    let test = rows(40, seed: 2, shift: 1)
    let grouped = try GroupedDetector(detector.base, grouping: .count(1))
      .fit(samples).scores(for: test)
    let alone = try detector.base.fit(samples).scores(for: test)
    #expect(
      grouped.indices.sorted { grouped[$0] < grouped[$1] }
        == alone.indices.sorted { alone[$0] < alone[$1] })
  }
}

@Suite struct SampleGroupsTests {
  @Test("The bundled products are told apart")
  func products() throws {
    for folder in [Repository.inspection, Repository.hardInspection] {
      let pool = try Dataset(at: folder).pooled()
      var context = RunContext()
      context.imageShape = pool.train.imageShape
      let groups = try SampleGroups(
        .automatic, of: pool.train.source, in: context)
      let places = try groups.places(of: pool.train.source, in: context)
      let kinds = Dictionary(
        grouping: zip(places.map(\.group), pool.train.samples), by: \.0
      ).mapValues { Set($0.map(\.1.category)) }
      #expect(groups.count == 3)
      #expect(kinds.values.allSatisfy { $0.count == 1 })
      #expect(places.allSatisfy { $0.excess == 0 })
    }
  }

  @Test(
    "One product, whatever its angle, is one group",
    arguments: ["bolt", "weave"])
  func oneProduct(name: String) throws {
    var options = DatasetOptions()
    options.categories = [name]
    let category = try Dataset(at: Repository.inspection, options: options)
      .categories[0]
    var context = RunContext()
    context.imageShape = category.train.imageShape
    let groups = try SampleGroups(
      .automatic, of: category.train.source, in: context)
    #expect(groups.count == 1)
  }

  @Test("Few and equal samples are one group")
  func few() throws {
    for rows in [1, 2, 7] {
      let samples = Matrix(
        rows: rows, columns: 3, values: [Float](repeating: 1, count: rows * 3))
      let groups = try SampleGroups(.automatic, of: samples, in: RunContext())
      #expect(groups.count == 1)
      let places = try groups.places(of: samples, in: RunContext())
      #expect(places.allSatisfy { $0.group == 0 && $0.excess == 0 })
    }
  }
}
