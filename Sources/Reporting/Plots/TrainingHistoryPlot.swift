import Detectors
import Plots

extension VectorPlot {
  /// The losses of a training run, epoch by epoch.
  ///
  /// The axis of the loss is logarithmic when all losses are positive.
  public static func trainingHistory(_ history: [EpochRecord]) -> VectorPlot {
    let training = history.map { Point(Double($0.epoch), $0.trainingLoss) }
    let validation = history.compactMap { record in
      record.validationLoss.map { Point(Double(record.epoch), $0) }
    }
    let losses = (training + validation).map(\.y)
    let isPositive = losses.allSatisfy { $0 > 0 }
    var plot = VectorPlot(
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
