import Detectors
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

private func fit(
  _ samples: Matrix, _ count: ComponentCount, mahalanobis: Bool = false,
  threads: Int = 2
) throws -> PCAReconstructionModel {
  try PCAReconstruction(nComponents: count, mahalanobis: mahalanobis)
    .fit(samples, in: RunContext(threadCount: threads))
}

@Suite("PCA reconstruction")
struct PCAReconstructionTests {
  // numpy 2, scipy.linalg.svd(X - X.mean(0)) in double precision of the same
  // table; components with the signs of sklearn.decomposition.PCA.

  @Test("40 x 12: the figures of scipy's SVD")
  func tallReference() throws {
    let samples = table(rows: 40, columns: 12)
    let model = try fit(samples, .count(4))
    expectClose(
      model.singularValues,
      [
        2.6415634036025524, 2.3591672292666286, 2.2117324150909945,
        2.0931895571282797,
      ])
    expectClose([model.totalVariance], [1.0484949393438039])
    expectClose([model.noiseVariance], [0.06113645065857481])
    expectClose(
      Array(model.components.row(0).prefix(5)),
      [
        -0.3186793391856798, -0.3088588915154077, 0.0025078234253099485,
        0.4341765553198925, -0.156209808365121,
      ])
    expectClose(
      try model.scores(for: samples).prefix(5),
      [
        0.8272603395948127, 0.33011179927750217, 0.32055815583385466,
        0.07243338266063742, 0.4331667090601211,
      ])
    expectClose(
      try fit(samples, .count(4), mahalanobis: true).scores(for: samples)
        .prefix(5),
      [
        0.9584901504892113, 0.5691836907883301, 0.6510880799648291,
        0.47047718172176245, 0.7072128507614177,
      ])
    expectClose(
      Array(try model.reconstructions(of: samples).row(0).prefix(4)),
      [
        0.46079490983649996, 0.23980548649424105, 0.5633526608804997,
        0.5654485881509104,
      ])
  }

  @Test("8 x 20, fewer samples than features: the figures of scipy's SVD")
  func wideReference() throws {
    let samples = table(rows: 8, columns: 20)
    let model = try fit(samples, .count(3))
    expectClose(
      model.singularValues,
      [1.7451185983402384, 1.5841868177944083, 1.377009913068504])
    expectClose([model.noiseVariance], [0.12508645996041484])
    expectClose(
      try model.scores(for: samples).prefix(5),
      [
        0.7347055351092227, 0.38311822533864276, 0.7747796459087801,
        0.5425349123996457, 0.22347739810668238,
      ])
    expectClose(
      try fit(samples, .count(3), mahalanobis: true).scores(for: samples)
        .prefix(5),
      [
        0.8956719942764952, 0.8788515676531719, 0.9109674350005273,
        0.9000263004398424, 0.6740690908451573,
      ])
  }

  @Test(
    "A variance fraction keeps as many components as scikit-learn",
    arguments: [
      (40, 12, 0.5, 4), (40, 12, 0.9, 10), (40, 12, 0.99, 12),
      (8, 20, 0.5, 3), (8, 20, 0.9, 6), (8, 20, 0.99, 7),
    ])
  func varianceFraction(
    rows: Int, columns: Int, fraction: Double, expected: Int
  ) throws {
    let model = try fit(
      table(rows: rows, columns: columns), .varianceFraction(fraction))
    #expect(model.componentCount == expected)
  }

  @Test("The broken-stick rule keeps three planted directions and no noise")
  func automatic() throws {
    var samples = noise(rows: 500, columns: 20)
    for row in 0..<500 {
      for column in 0..<3 { samples[row, column] *= 10 }
    }
    #expect(try fit(samples, .automatic).componentCount == 3)
    let nothing = try fit(noise(rows: 500, columns: 20), .automatic)
    #expect(nothing.componentCount == 0)
  }

  @Test(
    "Components are orthonormal rows", arguments: [(300, 40), (40, 300)])
  func orthonormality(rows: Int, columns: Int) throws {
    let model = try fit(
      noise(rows: rows, columns: columns), .count(39))
    let components = model.components
    for first in 0..<39 {
      for second in 0...first {
        let product = zip(components.row(first), components.row(second))
          .reduce(0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(product - (first == second ? 1 : 0)) < 1e-6)
      }
    }
  }

  @Test("The mean squared error of training is the variance left out")
  func errorIsVarianceLeftOut() throws {
    let samples = noise(rows: 200, columns: 30)
    let model = try fit(samples, .count(12))
    let mean =
      try model.scores(for: samples).reduce(0) { $0 + Double($1) } / 199
    let leftOut =
      model.totalVariance - model.explainedVariance.reduce(0, +)
    #expect(abs(mean - leftOut) < 1e-6 * leftOut)
  }

  @Test("The score is the squared distance to the reconstruction")
  func scoreIsDistanceToReconstruction() throws {
    let samples = noise(rows: 50, columns: 10)
    let model = try fit(samples, .count(3))
    let reconstructions = try model.reconstructions(of: samples)
    expectClose(
      try model.scores(for: samples),
      (0..<50).map { row in
        zip(samples.row(row), reconstructions.row(row))
          .reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      })
  }

  @Test("Samples 1e-3 of their length outside the subspace: errors to 1e-4")
  func almostInside() throws {
    // The training set spans the first two axes, exactly.
    let model = try fit(
      Matrix([[4, 0, 0], [-4, 0, 0], [0, 2, 0], [0, -2, 0]]), .count(2))
    let scores = try model.scores(
      for: Matrix([[300, 400, 0.5], [300, 400, 0.03125], [300, 400, 0]]))
    expectClose(scores, [0.25, 0.0009765625, 0])
  }

  @Test(
    "The Gram matrix of large samples gives the axes of their SVD",
    arguments: [(900, 400), (400, 900)])
  func routesAgree(rows: Int, columns: Int) throws {
    // So large a fit goes by the Gram matrix.
    let samples = noise(rows: rows, columns: columns)
    let model = try fit(samples, .count(50))
    let centered = (0..<rows * columns).map {
      Double(samples.values[$0]) - model.mean[$0 % columns]
    }
    let direct = try SingularValueDecomposition(
      centered, rows: rows, columns: columns)
    for index in 0..<50 {
      #expect(
        abs(model.singularValues[index] - direct.values[index])
          < 1e-10 * direct.values[0])
      let vector = direct.rightVectors[index * columns..<(index + 1) * columns]
      let product = zip(model.components.row(index), vector)
        .reduce(0) { $0 + Double($1.0) * $1.1 }
      #expect(abs(abs(product) - 1) < 1e-6)
    }
  }

  @Test("Singular values down to 1e-5 of the largest survive the Gram matrix")
  func illConditioned() throws {
    // Orthogonal columns (a Hadamard-like pattern of signs) of known length.
    let (rows, columns) = (4096, 160)
    let lengths = (0..<columns).map { pow(10, -5 * Float($0) / 159) }
    var samples = Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let sign: Float = (row & (column + 1)).nonzeroBitCount % 2 == 0 ? 1 : -1
        samples[row, column] = sign * lengths[column]
      }
    }
    let model = try fit(samples, .count(columns))
    #expect(model.componentCount == columns)
    expectClose(
      model.singularValues, lengths.map { 64 * $0 }, within: .relative(1e-5))
  }

  @Test("8-bit pixels: the singular values of their SVD, to 1e-12")
  func pixelLevels() throws {
    let (rows, columns) = (2500, 450)
    var generator = SeededGenerator(seed: 1)
    let levels = (0..<rows * columns).map { index in
      // Columns of black and of white have the largest sums of products.
      switch index % columns {
      case 0..<100: index / columns == 7 ? 1 : 0
      case 100..<200: index / columns == 2222 ? 254 : 255
      default: Int(generator.next() % 256)
      }
    }
    let samples = Matrix(
      rows: rows, columns: columns, values: levels.map { Float($0) / 255 })
    let means = (0..<columns).map { column in
      let sum = (0..<rows).reduce(0) { $0 + levels[$1 * columns + column] }
      return Double(sum) / Double(rows)
    }
    let direct = try SingularValueDecomposition(
      levels.enumerated().map { index, level in
        (Double(level) - means[index % columns]) / 255
      }, rows: rows, columns: columns)
    let model = try fit(samples, .count(252))
    expectClose(
      model.singularValues, direct.values.prefix(252),
      within: .absolute(1e-12 * direct.values[0]))
    let serial = try fit(samples, .count(252), threads: 1)
    #expect(serial.components == model.components)
  }

  @Test("A single value between two levels of 8 bits counts as it is")
  func betweenLevels() throws {
    let (rows, columns) = (1500, 300)
    var samples = noise(rows: rows, columns: columns)
    for index in samples.values.indices {
      let level = min(max(samples.values[index] * 40 + 128, 0), 255)
      samples[index / columns, index % columns] = level.rounded() / 255
    }
    samples[rows - 1, columns - 1] = 30.5
    // That value alone makes the first direction.
    let model = try fit(samples, .count(1))
    #expect(abs(model.components[0, columns - 1]) > 0.99)
    #expect(abs(model.singularValues[0] - 30) < 1)
  }

  @Test(
    "One, two and three threads give the same bits", arguments: [700, 300],
    [2, 3])
  func threads(rows: Int, threads: Int) throws {
    let samples = noise(rows: rows, columns: 600)
    let one = try fit(samples, .count(20), threads: 1)
    let more = try fit(samples, .count(20), threads: threads)
    let first = try Parallel.$threadCount.withValue(1) {
      try one.scores(for: samples)
    }
    let second = try Parallel.$threadCount.withValue(threads) {
      try more.scores(for: samples)
    }
    #expect(first == second)
  }

  @Test("A saved model gives the same bits")
  func saving() throws {
    let samples = table(rows: 40, columns: 12)
    let model = try fit(samples, .varianceFraction(0.9), mahalanobis: true)
    let restored = try Safetensors(encoding: model)
      .decode(PCAReconstructionModel.self)
    #expect(
      try restored.scores(for: samples) == model.scores(for: samples))
  }

  @Test("A saved model whose arrays disagree is refused")
  func editedModel() throws {
    let json = """
      {"mean":[0,0],"axes":[1,0,0],"explainedVariance":[1],"totalVariance":1,
      "sampleCount":5,"mahalanobis":false}
      """
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(
        PCAReconstructionModel.self, from: Data(json.utf8))
    }
  }

  @Test("Identical samples have no components; others score their distance")
  func noVariance() throws {
    for rows in [1, 5] {
      let model = try fit(
        Matrix([[Float]](repeating: [1, 2], count: rows)), .count(1))
      #expect(model.componentCount == 0)
      #expect(try model.scores(for: Matrix([[1, 2], [4, 6]])) == [0, 25])
    }
  }

  @Test("Constant columns and a single column work")
  func degenerateColumns() throws {
    let constant = try fit(
      Matrix([[1, 7, 0], [2, 7, 1], [4, 7, 1]]), .count(3))
    #expect(constant.componentCount == 2)
    #expect(try constant.scores(for: Matrix([[1, 9, 0]]))[0] == 4)
    let single = try fit(Matrix([[1], [2], [4]]), .count(1))
    #expect(try single.scores(for: Matrix([[100]]))[0] < 1e-6)
  }

  @Test("What cannot be fitted is refused by name")
  func faults() throws {
    let samples = table(rows: 6, columns: 4)
    for count: ComponentCount in [
      .count(0), .varianceFraction(0), .varianceFraction(1),
      .varianceFraction(.nan),
    ] {
      #expect {
        _ = try fit(samples, count)
      } throws: { error in
        guard case .impossible("n-components", _, _)? = error as? ParameterFault
        else { return false }
        return true
      }
    }
    #expect(throws: DetectorFault.tooFewSamples(count: 0, needed: 1)) {
      try fit(Matrix(rows: 0, columns: 3), .count(1))
    }
    #expect(throws: DetectorFault.noFeatures) {
      try fit(Matrix(rows: 3, columns: 0), .count(1))
    }
    #expect(throws: DetectorFault.nonFiniteValue(row: 1, column: 0)) {
      try fit(Matrix([[1, 2], [.nan, 1]]), .count(1))
    }
    let model = try fit(samples, .count(1))
    #expect(
      throws: DetectorFault.wrongFeatureCount(actual: 3, expected: 4)
    ) {
      try model.scores(for: Matrix(rows: 1, columns: 3))
    }
    var context = RunContext()
    context.memoryBudget = 64
    #expect(throws: DetectorFault.self) {
      try PCAReconstruction().fit(samples, in: context)
    }
  }

  @Test("A cancelled fit throws CancellationError")
  func cancelling() throws {
    let context = RunContext()
    context.cancellation.cancel()
    #expect(throws: CancellationError.self) {
      try PCAReconstruction().fit(noise(rows: 700, columns: 600), in: context)
    }
  }

  @Test("Component counts are read from text and written back")
  func parsing() {
    #expect(ComponentCount("64") == .count(64))
    #expect(ComponentCount("0.9") == .varianceFraction(0.9))
    #expect(ComponentCount("auto") == .automatic)
    for text in ["", "many"] { #expect(ComponentCount(text) == nil) }
    for text in ["0", "-3", "1.0", "1.5", "0.0", "nan", "", "many"] {
      var detector = PCAReconstruction()
      #expect(throws: ParameterFault.self) {
        try detector.parameters[0].set([text], of: &detector)
      }
      #expect(detector == PCAReconstruction())
    }
    for text in ["64", "0.9", "auto"] {
      #expect(ComponentCount(text)?.description == text)
    }
  }
}
