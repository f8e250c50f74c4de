import Detectors
import Execution
import Files
import LinearAlgebra
import Parameters

/// The distance to the mean, with or without one carelessness.
struct Careless: Detector {
  enum Breach: String, Codable, CaseIterable {
    case namesTwice, negatesScores, ignoresSeed, favoursFirstRow
    case skipsRowsOfStreams, readsUnchecked, forgetsScale, makesUpTensors
    case ignoresCancellation, needsManyRows, mapsOtherScores
    case scoresByBatch, scoresByOrder, scoresByDuplicates, drawsLots
    case learnsNothing, scoresAlike, likesAnomalies, readsAllAtOnce
    case failsAtEnds, addsSquares
  }

  var breach: Breach?
  var weight = 1

  var parameters: [Parameter<Careless>] {
    let weight = Parameter<Careless>("weight", \.weight, .count, "a factor")
    return breach == .namesTwice ? [weight, weight] : [weight]
  }

  var invariance: Invariance { [.shift, .scale] }

  func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> Model {
    context.progress.report(
      ProgressReport(stage: "fit", completed: 0, total: 1))
    if breach != .ignoresCancellation { try context.cancellation.check() }
    let samples =
      switch breach {
      case .readsUnchecked: try source.matrix()
      case .readsAllAtOnce: try source.finite(rows: Array(0..<source.rows))
      default: try source.matrix(in: context)
      }
    let isPartial =
      breach == .favoursFirstRow
      || breach == .skipsRowsOfStreams && !(source is Matrix)
    let rows = isPartial ? 1 : samples.rows
    let mean =
      breach == .learnsNothing
      ? [Float](repeating: 1, count: samples.columns)
      : (0..<samples.columns).map { column in
        (0..<rows).reduce(0) { $0 + samples[$1, column] } / Float(rows)
      }
    var model = Model(mean: mean, breach: breach)
    switch breach {
    case .ignoresSeed: model.scale = .random(in: 1...2)
    case .forgetsScale: model.scale = 2
    case .negatesScores: model.scale = -1
    case .needsManyRows where rows <= 60: model.scale = .nan
    case .failsAtEnds where weight >= 20: throw CancellationError()
    default: break
    }
    return model
  }

  struct Model: LocalizingModel {
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
        _mean = try container.decode(Tensor<Float>.self, forKey: .mean)
      } catch  where breach == .makesUpTensors {
        mean = []
      }
    }

    var featureCount: Int { mean.count }

    func score(_ samples: Matrix, in context: RunContext) -> [Float] {
      let distances = (0..<samples.rows).map { row in
        scale
          * zip(samples.row(row), mean).reduce(0) { $0 + abs($1.0 - $1.1) }
      }
      return switch breach {
      case .scoresByBatch: distances.map { $0 - (distances.min() ?? 0) }
      case .scoresByOrder: distances.indices.map { distances[$0] + Float($0) }
      case .scoresByDuplicates:
        distances.map { one in
          one + Float(distances.count { $0 == one })
        }
      case .drawsLots: distances.map { $0 + Float(context.seed) }
      case .addsSquares:
        distances.enumerated().map { row, distance in
          let first = samples.row(row).first ?? 0
          return distance + first * first
        }
      case .scoresAlike: distances.map { $0 > 100 ? 2 : 1 }
      case .likesAnomalies: distances.map { $0 > 300 ? $0 : -$0 }
      default: distances
      }
    }

    func localize(_ samples: Matrix, in context: RunContext) -> Localization {
      Localization(
        scores: score(samples, in: context).map {
          breach == .mapsOtherScores ? $0 + 1 : $0
        }, of: samples, from: Matrix([mean]),
        rows: Array(repeating: 0, count: samples.rows), in: context)
    }
  }
}
