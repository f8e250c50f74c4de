import Execution
import Files
import Foundation
import LinearAlgebra
import LocalFeatures
import ONNX

/// How unusual a value of a map is at its place: its distance from what left-out
/// training pictures have there, in their deviations.
///
/// Mean and variance of a place are pulled towards those of all places, the
/// more the fewer pictures there are.
struct MapCalibration: Codable, Sendable {
  /// The cells of the maps.
  let rows: Int
  let columns: Int
  @Tensor private var means: [Float]
  @Tensor private var scales: [Float]

  /// With so many pictures a place is believed as much as all others.
  private static let pull: Float = 40
  /// Of the deviation of the median place, added to that of every place.
  private static let floor: Float = 0.3
  /// Of the Gaussian that places are averaged with, in cells.
  private static let smoothing: Float = 2
  /// What no deviation is taken as less than: rounding, in standardised
  /// channels.
  private static let leastDeviation: Float = 1e-6
  private static let limits: ClosedRange<Float> = -3...50

  /// - Parameter maps: Of training pictures, each left out when its map was
  ///   made; none is empty.
  init(_ maps: [Raster]) { self.init(Moments(maps)) }

  private init(_ moments: Moments) {
    let (height, width) = (moments.height, moments.width)
    let cells = height * width
    let count = Double(moments.count)
    var means = moments.sums
    var variances = moments.squares
    var square: Double = 0
    for cell in 0..<cells {
      means[cell] /= count
      variances[cell] /= count
      square += variances[cell]
      variances[cell] = max(0, variances[cell] - means[cell] * means[cell])
    }
    let mean = means.reduce(0, +) / Double(cells)
    let variance = max(0, square / Double(cells) - mean * mean)
    let belief = Float(count) / (Float(count) + Self.pull)
    func pulled(_ places: [Double], to all: Double) -> [Float] {
      Raster(height: height, width: width, values: places.map(Float.init))
        .blurred(Self.smoothing).values
        .map { belief * $0 + (1 - belief) * Float(all) }
    }
    rows = height
    columns = width
    self.means = pulled(means, to: mean)
    let deviations = pulled(variances, to: variance).map {
      max(0, $0).squareRoot()
    }
    var unordered = deviations
    let floor = Self.floor * unordered.orderStatistic(cells / 2)
    scales = deviations.map { 1 / max($0 + floor, Self.leastDeviation) }
  }

  /// How unusual each of the maps, at least two, is beside all others: what
  /// knows a map itself finds it less unusual than it would find a new one.
  static func unusualness(leavingOutEachOf maps: [Raster]) -> [Raster] {
    let moments = Moments(maps)
    return Parallel.map(maps.count) {
      MapCalibration(moments.without(maps[$0])).unusualness(of: maps[$0])
    }
  }

  /// What mean and variance of every place are made of.
  private struct Moments {
    let height: Int
    let width: Int
    private(set) var count: Int
    private(set) var sums: [Double]
    private(set) var squares: [Double]

    init(_ maps: [Raster]) {
      (height, width) = (maps[0].height, maps[0].width)
      count = 0
      sums = [Double](repeating: 0, count: height * width)
      squares = sums
      for map in maps { add(map, times: 1) }
    }

    func without(_ map: Raster) -> Moments {
      var rest = self
      rest.add(map, times: -1)
      return rest
    }

    private mutating func add(_ map: Raster, times sign: Int) {
      count += sign
      for (cell, value) in map.values.enumerated() {
        sums[cell] += Double(sign) * Double(value)
        squares[cell] += Double(sign) * Double(value) * Double(value)
      }
    }
  }

  /// Whether the arrays are of so many cells.
  func isWhole(rows: Int, columns: Int) -> Bool {
    self.rows == rows && self.columns == columns
      && means.count == rows * columns && scales.count == rows * columns
      && means.allSatisfy(\.isFinite) && scales.allSatisfy(\.isFinite)
  }

  /// The logarithm of 1 and the distance in deviations, with its sign.
  func unusualness(of map: Raster) -> Raster {
    var map = map
    for cell in map.values.indices {
      let distance = (map.values[cell] - means[cell]) * scales[cell]
      let clipped = min(
        max(distance, Self.limits.lowerBound), Self.limits.upperBound)
      map.values[cell] = clipped < 0 ? -log1p(-clipped) : log1p(clipped)
    }
    return map
  }
}

/// One number for a map: how far its highest value, and the mean of its highest
/// few, are above those of left-out training pictures.
struct MapScore: Codable, Sendable {
  private let highest: Distribution
  private let high: Distribution

  private struct Distribution: Codable {
    let mean: Double
    let deviation: Double

    init(_ values: [Double]) {
      let mean = values.reduce(0, +) / Double(values.count)
      self.mean = mean
      deviation = max(
        (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
          / Double(values.count)).squareRoot(), 1e-6)
    }

    func distance(_ value: Double) -> Double { (value - mean) / deviation }
  }

  /// - Parameter maps: Of training pictures, each left out.
  init(_ maps: [Raster]) {
    let peaks = Parallel.map(maps.count) { Self.peaks(of: maps[$0]) }
    highest = Distribution(peaks.map(\.highest))
    high = Distribution(peaks.map(\.high))
  }

  func scores(_ maps: [Raster]) -> [Float] {
    Parallel.map(maps.count) { score(maps[$0]) }
  }

  func score(_ map: Raster) -> Float {
    let peaks = Self.peaks(of: map)
    return Float(highest.distance(peaks.highest) + high.distance(peaks.high))
  }

  /// How many of the cells of a map are its highest few: one in 200.
  private static func highCount(of cells: Int) -> Int { max(1, cells / 200) }

  /// The highest value, and the mean of the highest few.
  private static func peaks(of map: Raster) -> (highest: Double, high: Double) {
    let count = highCount(of: map.values.count)
    var values = map.values
    _ = values.orderStatistic(values.count - count)
    let top = values.suffix(count).sorted(by: >)
    return (
      Double(top[0]), top.reduce(0) { $0 + Double($1) } / Double(count)
    )
  }
}

extension Localization {
  /// - Parameters:
  ///   - maps: Of pictures.
  ///   - shape: Of the pictures.
  init(_ maps: [Raster], judgedBy score: MapScore, at shape: ImageShape) {
    self.init(scores: score.scores(maps), maps: maps.enlarged(to: shape))
  }
}

extension LeftOutScores {
  /// - Parameters:
  ///   - maps: Of training pictures, each left out.
  ///   - shape: Of the pictures; maps are as large when they are looked at.
  init(_ maps: [Raster], judgedBy score: MapScore, at shape: ImageShape) {
    self.init(
      scores: score.scores(maps),
      peaks: Parallel.map(maps.count) {
        maps[$0].enlarged(to: shape).values.max() ?? 0
      })
  }
}

extension MapCalibration {
  /// Adds how unusual maps are to a graph, in their shape.
  func addUnusualness(
    of maps: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    func number(_ value: Float) -> ONNXGraph.Value {
      graph.constant([value], shape: [])
    }
    let distance = graph(
      "Mul",
      graph("Sub", maps, graph.constant(means, shape: [rows, columns])),
      graph.constant(scales, shape: [rows, columns]))
    let clipped = graph(
      "Clip", distance, number(Self.limits.lowerBound),
      number(Self.limits.upperBound))
    return graph(
      "Mul", graph("Sign", clipped),
      graph("Log", graph("Add", graph("Abs", clipped), number(1))))
  }
}

extension MapScore {
  /// Adds the scores of maps, one a row of cells, to a graph, in double
  /// precision.
  ///
  /// - Parameter cells: Of a map.
  func addScores(
    of maps: ONNXGraph.Value, cells: Int, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let top = graph(
      "TopK",
      [graph.doubles(maps), graph.constant([Self.highCount(of: cells)])],
      outputs: 2, attributes: ["axis": 1])[0]
    func distance(_ value: ONNXGraph.Value, _ from: Distribution)
      -> ONNXGraph.Value
    {
      graph(
        "Div", graph("Sub", value, graph.constant([from.mean], shape: [])),
        graph.constant([from.deviation], shape: []))
    }
    func reduced(_ operation: String) -> ONNXGraph.Value {
      graph(operation, top, attributes: ["axes": [1], "keepdims": 0])
    }
    return graph(
      "Add", distance(reduced("ReduceMax"), highest),
      distance(reduced("ReduceMean"), high))
  }
}
