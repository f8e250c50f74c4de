import Detectors
import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

/// Rows that Python can make too.
///
///     i = np.arange(n)[:, None]; j = np.arange(d)[None, :]
///     h = (i * 7919 + j * 104729 + i * i * 31 + i * j * 17) % 1009
///     X = (h / 1009).astype("f") + (2 * (i % 3) * (j % 2)).astype("f")
private func referenceSamples(_ rows: Int, _ columns: Int) -> Matrix {
  var samples = Matrix(rows: rows, columns: columns)
  for i in 0..<rows {
    for j in 0..<columns {
      let h = (i * 7919 + j * 104_729 + i * i * 31 + i * j * 17) % 1009
      samples[i, j] = Float(Double(h) / 1009) + Float(2 * (i % 3) * (j % 2))
    }
  }
  return samples
}

@Suite("One-class SVM: the solution")
struct OneClassSVMSolutionTests {
  /// What `OneClassSVM(nu=..., gamma=..., tol=1e-9)` of scikit-learn 1.9 gives;
  /// the scores are minus `decision_function` at the rows of
  /// `np.linspace(0, n - 1, 12).astype(int)`.
  struct Reference: Sendable, CustomTestStringConvertible {
    var rows: Int
    var columns: Int
    var nu: Double
    var gamma: Gamma
    var objective: Double
    var rho: Double
    var scores: [Float]

    var testDescription: String { "\(rows) x \(columns), nu \(nu)" }
  }

  static let references = [
    Reference(
      rows: 300, columns: 4, nu: 0.1, gamma: .scale,
      objective: 196.921_072_750_957_6, rho: 13.293_883_032,
      scores: [
        -0.513484, -0.130145, -0.276325, -0.855228, -0.474774, -0.910588,
        -0.525789, -0.476125, -0.264741, 0.301811, -0.0693221, -0.0247432,
      ]),
    Reference(
      rows: 300, columns: 4, nu: 0.5, gamma: .scale,
      objective: 5197.486_819_997_939, rho: 70.968_180_517,
      scores: [
        0.0168957, 2.40844, 1.64979, -1.86932, -0.00297478, -2.19745,
        -2.23141, -1.82043, -0.947998, 2.08608, 0.0656508, 1.77897,
      ]),
    Reference(
      rows: 300, columns: 4, nu: 0.3, gamma: .value(5),
      objective: 118.257_944_681_535_36, rho: 2.762_616_067_6,
      scores: [
        0, -0.152118, -0.183731, -0.701548, 0.19078, -0.786604, -0.0432939,
        -0.470747, 0, 0.137228, 0, 0.124122,
      ]),
    Reference(
      rows: 3000, columns: 5, nu: 0.2, gamma: .scale,
      objective: 81338.587_183_176_96, rho: 274.808_000_376,
      scores: [
        -5.50519, -2.17196, 19.8677, -4.51608, -5.79034, -3.63312, -5.30063,
        -4.98708, 0.814238, -0.909056, 0.756488, -6.78201,
      ]),
  ]

  @Test("Objective, rho and scores are scikit-learn's", arguments: references)
  func agreesWithScikitLearn(_ reference: Reference) throws {
    let samples = referenceSamples(reference.rows, reference.columns)
    let model = try OneClassSVM(nu: reference.nu, gamma: reference.gamma)
      .fit(samples, in: RunContext())
    let objective = model.convergence.objective
    #expect(abs(objective / reference.objective - 1) < 1e-6)
    #expect(abs(model.rho - reference.rho) < 1e-3)
    let scores = try model.scores(for: samples)
    for (index, expected) in reference.scores.enumerated() {
      let row = index * (reference.rows - 1) / (reference.scores.count - 1)
      // The tolerance of the stopping rule, 1e-3, and rounding.
      #expect(abs(scores[row] - expected) < 1.2e-3)
    }
  }

  @Test("The conditions of optimality hold", arguments: references)
  func isOptimal(_ reference: Reference) throws {
    let samples = referenceSamples(reference.rows, reference.columns)
    let model = try OneClassSVM(nu: reference.nu, gamma: reference.gamma)
      .fit(samples, in: RunContext())
    let alpha = coefficients(of: samples, in: model)
    let gradient = kernelSums(samples, alpha, gamma: model.gamma)

    #expect(alpha.allSatisfy { $0 >= 0 && $0 <= 1 })
    let mass = reference.nu * Double(reference.rows)
    #expect(abs(alpha.reduce(0, +) - mass) < 1e-9 * mass)

    // The gap of the stopping rule, with kernel values in double precision.
    let highest = zip(alpha, gradient).filter { $0.0 > 0 }.map(\.1).max()
    let lowest = zip(alpha, gradient).filter { $0.0 < 1 }.map(\.1).min()
    let gap = try #require(highest) - #require(lowest)
    #expect(model.convergence.gap < 1e-3)
    #expect(abs(gap - model.convergence.gap) < 5e-5)

    let objective = 0.5 * zip(alpha, gradient).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(objective / model.convergence.objective - 1) < 1e-6)
  }

  @Test(
    "nu lies between the fractions of outliers and of support vectors",
    arguments: [0.02, 0.1, 0.5, 0.9])
  func nuProperty(nu: Double) throws {
    let samples = referenceSamples(700, 6)
    let model = try OneClassSVM(nu: nu).fit(samples, in: RunContext())
    let outliers = try model.scores(for: samples).count { $0 > 1e-3 }
    let slack = 1.0 / 700
    #expect(Double(outliers) / 700 <= nu + slack)
    #expect(Double(model.coefficients.count) / 700 >= nu - slack)
  }

  @Test("Shrinking and a small cache change the way and not the solution")
  func settingsOfTheSolver() throws {
    let samples = referenceSamples(3000, 5)
    let reference = try OneClassSVM(nu: 0.2).fit(samples, in: RunContext())
    for svm in [
      OneClassSVM(nu: 0.2, shrinking: false),
      OneClassSVM(nu: 0.2, cacheSize: 1, shrinking: false),
      OneClassSVM(nu: 0.2, cacheSize: 1),
    ] {
      let model = try svm.fit(samples, in: RunContext())
      let objective = model.convergence.objective
      #expect(model.convergence.gap < 1e-3)
      #expect(abs(objective / reference.convergence.objective - 1) < 1e-6)
    }
  }

  @Test("A tighter tolerance is kept")
  func tighterTolerance() throws {
    let samples = referenceSamples(300, 4)
    let model = try OneClassSVM(nu: 0.3, gamma: .value(5), tolerance: 1e-6)
      .fit(samples, in: RunContext())
    #expect(model.convergence.gap < 1e-6)
    #expect(abs(model.convergence.objective - 118.257_944_681) < 1e-5)
  }

  /// α of every training row, found by content: no two rows are equal.
  private func coefficients(
    of samples: Matrix, in model: OneClassSVMModel
  ) -> [Double] {
    let coefficients = Dictionary(
      uniqueKeysWithValues: model.coefficients.enumerated().map {
        (Array(model.supportVectors.row($0.offset)), $0.element)
      })
    return (0..<samples.rows).map { coefficients[Array(samples.row($0))] ?? 0 }
  }

  private func kernelSums(
    _ samples: Matrix, _ alpha: [Double], gamma: Double
  ) -> [Double] {
    let support = alpha.indices.filter { alpha[$0] > 0 }
    return (0..<samples.rows).map { row in
      support.reduce(0) { sum, other in
        let distance = zip(samples.row(row), samples.row(other)).reduce(0) {
          $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
        }
        return sum + alpha[other] * exp(-gamma * distance)
      }
    }
  }
}

@Suite("One-class SVM: unusual samples")
struct OneClassSVMSamplesTests {
  @Test("One row is at the border, and other rows are outside")
  func oneRow() throws {
    let model = try OneClassSVM().fit(Matrix([[1, 2, 3]]), in: RunContext())
    let scores = try model.scores(for: Matrix([[1, 2, 3], [9, 9, 9]]))
    #expect(abs(scores[0]) < 1e-6)
    #expect(abs(scores[1] - 0.5) < 1e-6)
    // 1 / (3 · var([1, 2, 3]))
    #expect(abs(model.gamma - 0.5) < 1e-12)
  }

  @Test("Where nothing varies gamma is 1, and other rows are outside")
  func constantColumns() throws {
    let samples = Matrix(rows: 20, columns: 3, repeating: 7.3)
    let model = try OneClassSVM().fit(samples, in: RunContext())
    #expect(model.gamma == 1)
    let scores = try model.scores(for: Matrix([[7.3, 7.3, 7.3], [9, 9, 9]]))
    #expect(abs(scores[0]) < 1e-5)
    #expect(scores[1] > 9)
  }

  @Test("Equal rows get equal scores")
  func duplicates() throws {
    let distinct = referenceSamples(40, 3)
    let samples = distinct.selecting(rows: (0..<400).map { $0 % 40 })
    let model = try OneClassSVM(nu: 0.2).fit(samples, in: RunContext())
    #expect(model.convergence.gap < 1e-3)
    let scores = try model.scores(for: samples)
    for row in 40..<400 {
      #expect(abs(scores[row] - scores[row - 40]) < 1e-5)
    }
  }

  @Test("A far row is stranger than the mean", arguments: [1, 2, 50, 784])
  func farRow(columns: Int) throws {
    let samples = referenceSamples(30, columns)
    let model = try OneClassSVM(nu: 0.3).fit(samples, in: RunContext())
    let mean = (0..<columns).map { column in
      (0..<30).reduce(0) { $0 + samples[$1, column] } / 30
    }
    let scores = try model.scores(for: Matrix([mean, mean.map { $0 + 100 }]))
    #expect(scores[1] > scores[0])
    #expect(scores.allSatisfy { $0.isFinite })
  }

  @Test("nu of 1 weighs every row alike, a tiny nu still fits")
  func boundsOfNu() throws {
    let samples = referenceSamples(50, 3)
    let all = try OneClassSVM(nu: 1).fit(samples, in: RunContext())
    #expect(all.coefficients == [Double](repeating: 1, count: 50))
    #expect(all.rho.isFinite)
    let few = try OneClassSVM(nu: 1e-4).fit(samples, in: RunContext())
    #expect(abs(few.coefficients.reduce(0, +) - 0.005) < 1e-12)
    #expect(try few.scores(for: samples).allSatisfy { $0.isFinite })
  }

  @Test("Far from zero and with rows far out, no digits are lost")
  func cancellation() throws {
    // Two tight groups 2,000 spreads from the rest, all moved by 1e5.
    var samples = referenceSamples(400, 3)
    for row in 0..<40 {
      for column in 0..<3 {
        samples[row, column] += row % 2 == 0 ? 2000 : -2000
      }
    }
    let gamma = Gamma.value(2)
    let model = try OneClassSVM(nu: 0.3, gamma: gamma)
      .fit(samples, in: RunContext())
    var moved = samples
    for row in 0..<400 {
      for column in 0..<3 {
        // Whole 256ths, so that the sum with 16384 is exact.
        samples[row, column] = (samples[row, column] * 256).rounded() / 256
        moved[row, column] = samples[row, column] + 16384
      }
    }
    let rounded = try OneClassSVM(nu: 0.3, gamma: gamma)
      .fit(samples, in: RunContext())
    let shifted = try OneClassSVM(nu: 0.3, gamma: gamma)
      .fit(moved, in: RunContext())
    let objective = rounded.convergence.objective
    #expect(abs(shifted.convergence.objective / objective - 1) < 1e-6)

    // ½ ΣΣ α_i α_j K_ij in double precision.
    let vectors = model.supportVectors
    var exact = 0.0
    for i in 0..<vectors.rows {
      for j in 0..<vectors.rows {
        let distance = zip(vectors.row(i), vectors.row(j)).reduce(0) {
          $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
        }
        exact +=
          0.5 * model.coefficients[i] * model.coefficients[j]
          * exp(-2 * distance)
      }
    }
    #expect(abs(model.convergence.objective / exact - 1) < 1e-6)
  }

  @Test("The largest numbers give finite scores")
  func hugeValues() throws {
    let samples = Matrix([[3e38, 0], [-3e38, 1], [1, 2], [2, 1]])
    for gamma in [Gamma.scale, .auto, .value(1e30)] {
      let model = try OneClassSVM(gamma: gamma).fit(samples, in: RunContext())
      #expect(try model.scores(for: samples).allSatisfy { $0.isFinite })
    }
  }

  @Test("Empty, infinite and ill-shaped samples are refused")
  func badSamples() throws {
    let svm = OneClassSVM()
    #expect(throws: DetectorFault.tooFewSamples(count: 0, needed: 1)) {
      try svm.fit(Matrix(rows: 0, columns: 2), in: RunContext())
    }
    #expect(throws: DetectorFault.noFeatures) {
      try svm.fit(Matrix(rows: 2, columns: 0), in: RunContext())
    }
    #expect(throws: DetectorFault.nonFiniteValue(row: 1, column: 0)) {
      try svm.fit(Matrix([[1], [.infinity]]), in: RunContext())
    }
    let model = try svm.fit(Matrix([[1, 2], [3, 4]]), in: RunContext())
    #expect(
      throws: DetectorFault.wrongFeatureCount(actual: 1, expected: 2)
    ) {
      try model.scores(for: Matrix([[1]]))
    }
    #expect(try model.scores(for: Matrix(rows: 0, columns: 2)) == [])
  }
}

@Suite("One-class SVM: hyper-parameters and models")
struct OneClassSVMRecipeTests {
  @Test(
    "Hyper-parameters out of range are named",
    arguments: [
      (OneClassSVM(nu: 0), "nu"), (OneClassSVM(nu: 1.01), "nu"),
      (OneClassSVM(nu: .nan), "nu"),
      (OneClassSVM(gamma: .value(0)), "gamma"),
      (OneClassSVM(gamma: .value(.infinity)), "gamma"),
      (OneClassSVM(tolerance: 0), "tolerance"),
      (OneClassSVM(cacheSize: 0), "cache-size"),
      (OneClassSVM(maxSamples: 0), "max-samples"),
      (OneClassSVM(maxIterations: 0), "max-iter"),
    ])
  func outOfRange(_ svm: OneClassSVM, name: String) throws {
    let fault = #expect(throws: ParameterFault.self) {
      try svm.fit(Matrix([[1], [2]]), in: RunContext())
    }
    guard case .impossible(let option, _, _)? = fault else {
      Issue.record("\(fault.debugDescription) is about no value")
      return
    }
    #expect(option.name == name)
  }

  @Test("gamma is scale, auto or a number, in text and in files")
  func gammaText() throws {
    #expect(Gamma("scale") == .scale)
    #expect(Gamma("auto") == .auto)
    #expect(Gamma("1e-2") == .value(0.01))
    #expect(Gamma("Scale") == nil)
    for gamma in [Gamma.scale, .auto, .value(0.1)] {
      let svm = OneClassSVM(gamma: gamma)
      let decoded = try JSONDecoder().decode(
        OneClassSVM.self, from: JSONEncoder().encode(svm))
      #expect(decoded == svm)
    }
  }

  @Test("gamma scale is 1 / (d · variance of all elements), auto is 1 / d")
  func gammaNumbers() throws {
    let samples = Matrix([[0, 10], [2, 12], [4, 14]])
    // Elements 0 2 4 10 12 14: mean 7, variance 166 / 6.
    let scale = try OneClassSVM().fit(samples, in: RunContext())
    #expect(abs(scale.gamma - 3 / 166.0) < 1e-12)
    let auto = try OneClassSVM(gamma: .auto).fit(samples, in: RunContext())
    #expect(auto.gamma == 0.5)
  }

  @Test("One thread and two give the same bits")
  func threads() throws {
    let samples = referenceSamples(3000, 40)
    let svm = OneClassSVM(nu: 0.1)
    let one = try svm.fit(samples, in: RunContext(threadCount: 1))
    let two = try svm.fit(samples, in: RunContext(threadCount: 2))
    #expect(one.coefficients == two.coefficients)
    #expect(one.rho == two.rho)
    let scores = try Parallel.$threadCount.withValue(1) {
      try one.scores(for: samples)
    }
    let scoresOfTwo = try Parallel.$threadCount.withValue(2) {
      try two.scores(for: samples)
    }
    #expect(scores == scoresOfTwo)
  }

  @Test("A score does not depend on the rows scored with it")
  func scoresOfParts() throws {
    let samples = referenceSamples(700, 40)
    let model = try OneClassSVM(nu: 0.1).fit(samples, in: RunContext())
    let whole = try model.scores(for: samples)
    let part = try model.scores(for: samples.selecting(rows: 300..<333))
    expectClose(part, whole[300..<333], within: .absolute(1e-4))
  }

  @Test("A saved and loaded model gives the same bits")
  func saving() throws {
    let samples = referenceSamples(100, 3)
    let model = try OneClassSVM().fit(samples, in: RunContext())
    let file = try Safetensors(encoding: model)
    let loaded = try file.decode(OneClassSVMModel.self)
    #expect(try loaded.scores(for: samples) == model.scores(for: samples))
    #expect(loaded.convergence == model.convergence)
  }

  @Test(
    "A model whose arrays do not fit together is refused",
    arguments: [
      #""coefficients":[1]"#, #""coefficients":[]"#, #""gamma":-1"#,
    ])
  func editedModel(_ edit: String) throws {
    let entries = [
      #""supportVectors":{"rows":2,"columns":1,"values":[1,2]}"#,
      #""coefficients":[0.5,0.5]"#, #""rho":1"#, #""gamma":1"#,
      #""convergence":{"objective":1,"iterations":1,"gap":0}"#,
    ]
    func decode(_ entries: [String]) throws -> OneClassSVMModel {
      try JSONDecoder().decode(
        OneClassSVMModel.self,
        from: Data("{\(entries.joined(separator: ","))}".utf8))
    }
    #expect(throws: Never.self) { try decode(entries) }
    let key = edit.prefix { $0 != ":" }
    let edited = entries.map { $0.hasPrefix(key) ? edit : $0 }
    #expect(throws: DecodingError.self) { try decode(edited) }
  }

  @Test("maxSamples takes a part that the seed chooses")
  func maxSamples() throws {
    let samples = referenceSamples(500, 3)
    let svm = OneClassSVM(nu: 0.1, maxSamples: 100)
    let first = try svm.fit(samples, in: RunContext(seed: 1))
    let again = try svm.fit(samples, in: RunContext(seed: 1))
    let other = try svm.fit(samples, in: RunContext(seed: 2))
    #expect(abs(first.coefficients.reduce(0, +) - 10) < 1e-9)
    #expect(first.supportVectors == again.supportVectors)
    #expect(first.supportVectors != other.supportVectors)
  }

  @Test("The seed changes nothing when all samples are used")
  func seed() throws {
    let samples = referenceSamples(500, 3)
    let first = try OneClassSVM().fit(samples, in: RunContext(seed: 1))
    let other = try OneClassSVM().fit(samples, in: RunContext(seed: 2))
    #expect(first.coefficients == other.coefficients)
  }

  @Test("A fit beyond the memory budget says how many rows it can take")
  func memoryBudget() throws {
    let samples = Matrix(rows: 30_000, columns: 100, repeating: 1)
    let fault = #expect(throws: DetectorFault.self) {
      try OneClassSVM().fit(samples, in: RunContext(memoryBudget: 30 << 20))
    }
    let text = try #require(fault?.remedy).text(for: .commandLine)
    let count = try #require(
      text.split(separator: " ").last.flatMap { Int($0) })
    #expect(text.contains("--max-samples"))
    #expect(throws: Never.self) {
      try OneClassSVM(maxSamples: count)
        .fit(samples, in: RunContext(memoryBudget: 30 << 20))
    }
  }

  @Test("A fit to few rows needs memory for no more of them")
  func memoryOfFewRows() throws {
    let samples = referenceSamples(100, 100)
    #expect(throws: Never.self) {
      try OneClassSVM().fit(samples, in: RunContext(memoryBudget: 1 << 20))
    }
    let context = RunContext(memoryBudget: 200 << 10)
    let fault = #expect(throws: DetectorFault.self) {
      try OneClassSVM().fit(samples, in: context)
    }
    let text = try #require(fault?.remedy).text(for: .commandLine)
    let count = try #require(
      text.split(separator: " ").last.flatMap { Int($0) })
    #expect(count > 10)
    #expect(throws: Never.self) {
      try OneClassSVM(maxSamples: count).fit(samples, in: context)
    }
  }

  @Test("A cancelled fit ends with CancellationError")
  func cancellation() throws {
    let context = RunContext()
    context.cancellation.cancel()
    #expect(throws: CancellationError.self) {
      try OneClassSVM().fit(referenceSamples(3000, 5), in: context)
    }
  }

  @Test("The most iterations are kept, and the gap says that more are needed")
  func maxIterations() throws {
    let model = try OneClassSVM(nu: 0.3, gamma: .value(5), maxIterations: 3)
      .fit(referenceSamples(300, 4), in: RunContext())
    #expect(model.convergence.iterations == 3)
    #expect(model.convergence.gap > 1e-3)
  }
}
