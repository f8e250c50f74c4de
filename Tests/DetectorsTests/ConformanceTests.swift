import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters
import Testing

@testable import Detectors

/// What every detector and every model promises.
@Suite("Conformance", .serialized)
struct ConformanceTests {
  @Test(
    "Scores are finite, one a row, higher for an outlier than for the mean",
    arguments: Candidate.all)
  func outlier(candidate: Candidate) throws {
    let samples = ConformanceSamples.ordinary()
    let model = try candidate.detector.fit(samples, in: RunContext(seed: 1))
    #expect(model.featureCount == samples.columns)
    let scores = try model.scores(for: samples)
    #expect(scores.count == samples.rows)
    #expect(scores.allSatisfy { $0.isFinite })

    let mean = (0..<samples.columns).map { column in
      (0..<samples.rows).reduce(0) { $0 + samples[$1, column] }
        / Float(samples.rows)
    }
    let outlier = mean.indices.map { mean[$0] + ($0 % 2 == 0 ? 50 : -50) }
    let pair = try model.scores(for: Matrix([mean, outlier]))
    #expect(pair[0] < pair[1])
  }

  @Test(
    "The same seed gives the same bits, for one thread and for two",
    arguments: Candidate.all)
  func reproducibility(candidate: Candidate) throws {
    let samples = ConformanceSamples.ordinary(rows: 700)
    let scores = try [1, 2, 2].map { threads in
      try Parallel.$threadCount.withValue(threads) {
        try candidate.detector.fit(
          samples, in: RunContext(seed: 5, threadCount: threads)
        ).scores(for: samples)
      }
    }
    #expect(scores[0] == scores[1])
    #expect(scores[1] == scores[2])
  }

  @Test(
    "Permuting the training rows changes no more than another seed does",
    arguments: Candidate.all)
  func permutation(candidate: Candidate) throws {
    let samples = ConformanceSamples.ordinary()
    func scores(_ training: Matrix, seed: UInt64) throws -> [Float] {
      try candidate.detector.fit(training, in: RunContext(seed: seed))
        .scores(for: samples)
    }
    func distance(_ first: [Float], _ second: [Float]) -> Float {
      zip(first, second).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    let plain = try scores(samples, seed: 1)
    let seedSpread = try (2...4).map {
      distance(plain, try scores(samples, seed: $0))
    }.max()
    var generator = SeededGenerator(seed: 9)
    let permuted = samples.selecting(
      rows: generator.sample(samples.rows, below: samples.rows))
    let permutationSpread = distance(plain, try scores(permuted, seed: 1))
    // Solvers stop at a tolerance of 1e-3 and sums round in another order.
    let tolerance = 1e-3 * plain.reduce(0) { $0 + abs($1) }
    #expect(permutationSpread <= 1.5 * (seedSpread ?? 0) + tolerance)
  }

  @Test(
    "A saved and loaded model gives the same bits", arguments: Candidate.all)
  func saving(candidate: Candidate) throws {
    func check<D: Detector>(_ detector: D) throws {
      let samples = ConformanceSamples.ordinary()
      let model = try detector.fit(samples, in: RunContext(seed: 2))
      let file = FileManager.default.temporaryDirectory
        .appendingPathComponent("conformance-\(UUID()).safetensors")
      defer { try? FileManager.default.removeItem(at: file) }
      try Safetensors(encoding: model).write(to: file)
      let loaded = try Safetensors(contentsOf: file).decode(D.Model.self)
      #expect(try loaded.scores(for: samples) == model.scores(for: samples))

      let json = try JSONEncoder().encode(detector)
      #expect(try JSONDecoder().decode(D.self, from: json) == detector)
    }
    try check(candidate.detector)
  }

  @Test(
    "A model file that was edited is refused or scores, but never crashes",
    arguments: Candidate.all)
  func editedModel(candidate: Candidate) throws {
    func check<D: Detector>(_ detector: D) throws {
      let samples = ConformanceSamples.ordinary(rows: 40)
      let saved = try Safetensors(
        encoding: detector.fit(samples, in: RunContext()))
      for edited in saved.edits {
        // Either is right: a typed refusal, or scores from odd numbers.
        guard let model = try? edited.decode(D.Model.self) else { continue }
        _ = try? model.scores(
          for: Matrix(
            rows: 3, columns: min(max(model.featureCount, 0), 1000),
            repeating: 1))
      }
      for name in saved.tensors.keys {
        var edited = saved
        edited.tensors[name] = nil
        #expect(throws: DecodingError.self) {
          try edited.decode(D.Model.self)
        }
      }
    }
    try check(candidate.detector)
  }

  @Test(
    "A hyper-parameter out of range is named",
    arguments: Candidate.all)
  func hyperparameters(candidate: Candidate) {
    for (name, detector) in candidate.faulty {
      #expect {
        try detector.fit(
          ConformanceSamples.ordinary(rows: 50), in: RunContext())
      } throws: {
        guard
          case .impossible(name, _, _)? = $0 as? ParameterFault
        else { return false }
        return true
      }
    }
  }

  @Test("Empty input is a fault", arguments: Candidate.all)
  func emptyInput(candidate: Candidate) throws {
    #expect {
      try candidate.detector.fit(Matrix(rows: 0, columns: 3), in: RunContext())
    } throws: {
      guard case .tooFewSamples(0, _)? = $0 as? DetectorFault else {
        return false
      }
      return true
    }
    #expect(throws: DetectorFault.noFeatures) {
      try candidate.detector.fit(Matrix(rows: 5, columns: 0), in: RunContext())
    }
    let model = try candidate.detector.fit(
      ConformanceSamples.ordinary(), in: RunContext())
    let none = Matrix(rows: 0, columns: model.featureCount)
    #expect(try model.scores(for: none) == [])
  }

  @Test(
    "One row is learned from, or is said to be too few",
    arguments: Candidate.all)
  func oneRow(candidate: Candidate) throws {
    let samples = ConformanceSamples.ordinary(rows: 1)
    do {
      let model = try candidate.detector.fit(samples, in: RunContext())
      #expect(try model.scores(for: samples).allSatisfy { $0.isFinite })
    } catch DetectorFault.tooFewSamples(count: 1, needed: 2) {
    }
  }

  @Test(
    "Unusual shapes and repeated values are scored",
    arguments: Candidate.all, UnusualSamples.all)
  func unusualSamples(
    candidate: Candidate, unusual: UnusualSamples
  ) throws {
    let model = try candidate.detector.fit(unusual.samples, in: RunContext())
    let scores = try model.scores(for: unusual.samples)
    #expect(scores.count == unusual.samples.rows)
    #expect(scores.allSatisfy { $0.isFinite })
  }

  @Test("NaN and infinity are named by their place", arguments: Candidate.all)
  func nonFiniteValues(candidate: Candidate) throws {
    let samples = ConformanceSamples.ordinary()
    let model = try candidate.detector.fit(samples, in: RunContext())
    for value in [Float.nan, .infinity, -.infinity] {
      var broken = samples
      broken[17, 3] = value
      let fault = DetectorFault.nonFiniteValue(row: 17, column: 3)
      #expect(throws: fault) {
        try candidate.detector.fit(broken, in: RunContext())
      }
      #expect(throws: fault) {
        try candidate.detector.fit(
          Rows(matrix: broken), in: RunContext())
      }
      #expect(throws: fault) { try model.scores(for: broken) }
    }
  }

  @Test("The wrong number of features is a fault", arguments: Candidate.all)
  func wrongFeatureCount(candidate: Candidate) throws {
    let model = try candidate.detector.fit(
      ConformanceSamples.ordinary(), in: RunContext())
    let expected = model.featureCount
    for columns in [0, expected - 1, expected + 1] {
      #expect(
        throws: DetectorFault.wrongFeatureCount(
          actual: columns, expected: expected)
      ) { try model.scores(for: Matrix(rows: 2, columns: columns)) }
    }
  }

  @Test("A cancelled fit stops", arguments: Candidate.all)
  func cancellation(candidate: Candidate) {
    let context = RunContext()
    context.cancellation.cancel()
    #expect(throws: CancellationError.self) {
      try candidate.detector.fit(ConformanceSamples.ordinary(), in: context)
    }
  }

  @Test(
    "A fit that is cancelled while it runs does not go on to its end",
    arguments: Candidate.all)
  func cancellationUnderWay(candidate: Candidate) {
    let cancellation = Cancellation()
    let sink = CancellingSink(cancellation: cancellation)
    let context = RunContext(progress: sink, cancellation: cancellation)
    let samples = ConformanceSamples.ordinary(rows: 1500)
    let result = Result { try candidate.detector.fit(samples, in: context) }
    // A short fit may have nothing to report before it is done.
    guard cancellation.isRequested else { return }
    #expect(throws: CancellationError.self) { try result.get() }
  }

  @Test("Rows that are read in blocks get the same scores")
  func streaming() throws {
    let samples = ConformanceSamples.ordinary(rows: 5000)
    for candidate in Candidate.all {
      let small = ConformanceSamples.ordinary(rows: 100)
      let model = try candidate.detector.fit(small, in: RunContext())
      let streamed = try candidate.detector.fit(
        Rows(matrix: small), in: RunContext())
      #expect(
        try streamed.scores(for: Rows(matrix: samples))
          == model.scores(for: samples))
    }
  }
}

/// Rows that are read only when they are asked for.
private struct Rows: SampleSource {
  let matrix: Matrix
  var rows: Int { matrix.rows }
  var columns: Int { matrix.columns }
  func matrix(ofRows indices: [Int]) -> Matrix {
    matrix.selecting(rows: indices)
  }
}

/// Cancels at the first report of unfinished work.
private struct CancellingSink: ProgressSink {
  let cancellation: Cancellation

  func report(_ progress: ProgressReport) {
    if progress.completed != progress.total { cancellation.cancel() }
  }
}

extension Safetensors {
  /// The file with one thing changed, in many ways.
  fileprivate var edits: [Safetensors] {
    var edits: [Safetensors] = []
    for (name, tensor) in tensors {
      func edit(_ change: (inout StoredTensor) -> Void) {
        var edited = self
        var tensor = tensor
        change(&tensor)
        edited.tensors[name] = tensor
        edits.append(edited)
      }
      edit {
        $0.shape = [0] + $0.shape.dropFirst()
        $0.bytes = Data()
      }
      edit { $0.shape = $0.shape.reversed() }
      edit { $0.shape.insert(1, at: 0) }
      if let rows = tensor.shape.first, rows > 0 {
        edit {
          $0.shape[0] -= 1
          $0.bytes.removeLast($0.bytes.count / rows)
        }
        edit {
          $0.shape[0] += 1
          $0.bytes.append(Data(count: $0.bytes.count / rows))
        }
      }
      // As floating point 0xFF is NaN, 0x7F too or huge; as an integer -1 and
      // the greatest.
      for byte: UInt8 in [0x00, 0x7f, 0x80, 0xff] {
        edit { $0.bytes = Data(repeating: byte, count: $0.bytes.count) }
        edit { tensor in
          for index in tensor.bytes.indices.suffix(tensor.type.width) {
            tensor.bytes[index] = byte
          }
        }
      }
    }
    // Every number of the JSON, replaced by others.
    for (key, text) in metadata {
      let numbers = text.ranges(of: #/-?\b\d+(\.\d+)?(e[+-]?\d+)?/#)
      for range in numbers {
        for replacement in [
          "0", "-1", "1", "7", "1e30", "0.5", "4294967296",
          "9223372036854775807",
        ] {
          var edited = self
          edited.metadata[key] = text.replacingCharacters(
            in: range, with: replacement)
          edits.append(edited)
        }
      }
    }
    return edits
  }
}
