import Autoencoders

extension Plot {
  /// A curve over the values of something, with a spread around it.
  public struct Curve: Hashable, Sendable {
    public struct Value: Hashable, Sendable {
      public var x: Double
      public var mean: Double
      /// Half the height of the band, such as a standard deviation.
      public var spread: Double

      public init(x: Double, mean: Double, spread: Double = 0) {
        self.x = x
        self.mean = mean
        self.spread = spread
      }
    }

    public var name: String
    public var values: [Value]

    public init(_ name: String, _ values: [Value]) {
      self.name = name
      self.values = values
    }
  }

  /// AUROC, or another figure, against a hyper-parameter.
  ///
  /// - Parameters:
  ///   - title: What the figure is called.
  ///   - curves: One for each value of another factor, or one alone.
  ///   - x: The hyper-parameter; values that are words stand at 0, 1, 2... of an
  ///     axis of `.names`.
  ///   - label: What the figure on the other axis is.
  public static func curves(
    title: String, _ curves: [Curve], x: PlotAxis, label: String = "ROC AUC"
  ) -> Plot {
    let values = curves.flatMap(\.values)
    return Plot(
      title: title,
      summary: curves.map { curve in
        curve.name + ": "
          + curve.values.map {
            "\(decimal($0.mean, places: 3)) at \(short($0.x))"
          }.joined(separator: ", ")
      }.joined(separator: "; "),
      width: 300, height: 220, x: x,
      y: .linear(
        label,
        showing: values.flatMap { [$0.mean - $0.spread, $0.mean + $0.spread] }),
      marks: curves.enumerated().flatMap { index, curve -> [Mark] in
        let ink = Ink.series(index)
        let line = curve.values.map { Point($0.x, $0.mean) }
        var marks: [Mark] = []
        if curve.values.contains(where: { $0.spread > 0 }) {
          marks.append(
            .band(
              lower: curve.values.map { Point($0.x, $0.mean - $0.spread) },
              upper: curve.values.map { Point($0.x, $0.mean + $0.spread) },
              ink))
        }
        return marks + [.line(line, ink), .points(line, ink)]
      },
      legend: curves.enumerated().map {
        LegendEntry($1.name, .series($0), .line)
      })
  }

  /// The losses of a training run, epoch by epoch.
  ///
  /// The axis of the loss is logarithmic when all losses are positive.
  public static func trainingHistory(_ history: [EpochRecord]) -> Plot {
    let training = history.map { Point(Double($0.epoch), $0.trainingLoss) }
    let validation = history.compactMap { record in
      record.validationLoss.map { Point(Double(record.epoch), $0) }
    }
    let losses = (training + validation).map(\.y)
    let isPositive = losses.allSatisfy { $0 > 0 }
    var plot = Plot(
      title: "Training history",
      summary: "The training loss goes from \(short(losses.first ?? 0)) to"
        + " \(short(training.last?.y ?? 0)) in \(history.count) epochs",
      width: 320, height: 220,
      x: .linear("epoch", showing: training.map(\.x)),
      y: isPositive
        ? .logarithmic("loss", showing: losses)
        : .linear("loss", showing: losses),
      marks: [.line(training, .series(0))],
      legend: [LegendEntry("training", .series(0), .line)])
    if !validation.isEmpty {
      plot.marks.append(.line(validation, .series(1)))
      plot.legend.append(LegendEntry("held out", .series(1), .line))
    }
    return plot
  }
}
