import Execution
import LinearAlgebra

extension Detector {
  /// The scores of training samples by models that did not learn from them.
  ///
  /// Every fifth sample in turn is held out of a fit, until there are scores of
  /// 200: one further fit for many samples, five for few. Where all are wanted
  /// every twentieth is, so that the models are nearly that of all samples: `lof`
  /// of four fifths finds samples less strange than that does, and a rate made of
  /// such scores is not kept. Of a single sample its own score is all there is.
  ///
  /// - Parameters:
  ///   - samples: What a model is to be fitted to.
  ///   - all: Whether there are to be scores of all: twenty further fits.
  ///   - context: The circumstances of every fit.
  /// - Throws: As `fit`, and as `scores(for:in:)`.
  package func heldOutScores(
    of samples: any SampleSource, all: Bool = false, in context: RunContext
  ) throws -> [Float] {
    let (wanted, folds) = (
      all ? samples.rows : 200, min(all ? 20 : 5, samples.rows)
    )
    guard folds > 1 else {
      return try fit(samples, in: context).scores(for: samples, in: context)
    }
    let needed = min(folds, (wanted * folds - 1) / samples.rows + 1)
    var context = context
    context.checkpoint = nil
    let parts = context.parts([Double](repeating: 1, count: needed))
    return try (0..<needed).flatMap { fold in
      let steps = parts[fold].parts([4, 1])
      return try fit(
        SelectedRows(
          source: samples,
          indices: (0..<samples.rows).filter { $0 % folds != fold }),
        in: steps[0]
      ).scores(
        for: SelectedRows(
          source: samples,
          indices: (0..<samples.rows).filter { $0 % folds == fold }),
        in: steps[1])
    }
  }
}
