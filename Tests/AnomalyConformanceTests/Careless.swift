import Detectors
import Execution
import Files
import LinearAlgebra

/// The distance to the mean, with or without one carelessness.
struct Careless: Detector {
  enum Breach: String, Codable, CaseIterable {
    case negatesScores, ignoresSeed, favoursFirstRow, skipsRowsOfStreams
    case forgetsScale, makesUpTensors, acceptsAnything, ignoresCancellation
    case needsManyRows
  }

  var breach: Breach?

  func fit(_ samples: Matrix, in context: RunContext) throws -> Model {
    if breach != .acceptsAnything { try samples.checkForFit() }
    func pause() throws {
      if breach != .ignoresCancellation { try context.cancellation.check() }
    }
    try pause()
    context.progress.report(
      ProgressReport(stage: "fit", completed: 0, total: 1))
    try pause()
    let rows = breach == .favoursFirstRow ? 1 : samples.rows
    let mean = (0..<samples.columns).map { column in
      (0..<rows).reduce(0) { $0 + samples[$1, column] } / Float(rows)
    }
    var model = Model(mean: mean, breach: breach)
    switch breach {
    case .ignoresSeed: model.scale = .random(in: 1...2)
    case .forgetsScale: model.scale = 2
    case .negatesScores: model.scale = -1
    case .needsManyRows where rows <= 60: model.scale = .nan
    default: break
    }
    return model
  }

  func fit(
    streaming source: any SampleSource, in context: RunContext
  ) throws -> Model {
    let samples = try source.matrix()
    guard breach == .skipsRowsOfStreams else {
      return try fit(samples, in: context)
    }
    return try fit(samples.selecting(rows: 0..<1), in: context)
  }

  struct Model: AnomalyModel {
    @Tensor var mean: [Float]
    var breach: Breach?
    var scale: Float = 1

    enum CodingKeys: CodingKey {
      case mean, breach
    }

    init(mean: [Float], breach: Breach?) {
      self.mean = mean
      self.breach = breach
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      breach = try container.decodeIfPresent(Breach.self, forKey: .breach)
      do {
        _mean = try container.decode(Tensor<[Float]>.self, forKey: .mean)
      } catch  where breach == .makesUpTensors {
        mean = []
      }
    }

    var featureCount: Int { mean.count }

    func scores(for samples: Matrix) throws -> [Float] {
      if breach != .acceptsAnything {
        try samples.checkForScoring(featureCount: featureCount)
      }
      return (0..<samples.rows).map { row in
        scale
          * zip(samples.row(row), mean).reduce(0) { $0 + abs($1.0 - $1.1) }
      }
    }
  }
}
