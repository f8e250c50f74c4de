import Detectors
import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite("Local outlier factor")
struct LocalOutlierFactorTests {
  /// Figures of scikit-learn 1.9.1, `LocalOutlierFactor(n_neighbors=k,
  /// novelty=True)`, in double precision of the same table:
  /// `-negative_outlier_factor_`, `-score_samples` of new rows and of training
  /// rows.
  struct Reference: CustomTestStringConvertible, Sendable {
    var nNeighbors: Int
    var training: [Double]
    var new: [Double]
    var again: [Double]
    var testDescription: String { "\(nNeighbors) neighbours" }
  }

  @Test(
    "60 x 7: the figures of scikit-learn",
    arguments: [
      Reference(
        nNeighbors: 20,
        training: [
          1.0095176133065051, 1.0104946396667585, 1.008104373545811,
          0.9907846390430002, 0.9811553190338532, 0.9905387524019924,
        ],
        new: [
          1.3706497891900737, 1.6547803795022293, 1.5326790981538376,
          1.4673083083709675, 1.6643830817443956, 1.4901002440075295,
        ],
        again: [
          1.0073381603901157, 1.0070293787075832, 1.006892933273163,
          0.9917800619878058,
        ]),
      Reference(
        nNeighbors: 5,
        training: [
          1.0143980608315655, 1.0766529842355255, 0.9890418353061486,
          0.9984302017551894, 0.9957456929636151, 0.9964583505103988,
        ],
        new: [
          1.518095390896378, 1.8856984537554964, 1.7598043699579953,
          1.6427409863130706, 1.843462561780314, 1.5248386646087366,
        ],
        again: [
          1.000964849293863, 1.037398406798832, 0.9873457404760968,
          1.0018545206599963,
        ]),
    ])
  func reference(reference: Reference) throws {
    let samples = table(rows: 60, columns: 7)
    let model = try LocalOutlierFactor(nNeighbors: reference.nNeighbors)
      .fit(samples)
    expectClose(
      try model.leaveOneOutScores().prefix(6), reference.training,
      within: .relative(1e-5))
    expectClose(
      try model.scores(for: stretchedRows(after: 60, columns: 7)),
      reference.new, within: .relative(1e-5))
    expectClose(
      try model.scores(for: samples).prefix(4), reference.again,
      within: .relative(1e-5))
  }

  @Test("One row has no neighbours; two rows are each other's")
  func fewRows() throws {
    let samples = table(rows: 2, columns: 3)
    #expect(throws: DetectorFault.tooFewSamples(count: 1, needed: 2)) {
      try LocalOutlierFactor().fit(samples.selecting(rows: [0]))
    }
    let model = try LocalOutlierFactor().fit(samples)
    #expect(model.nNeighbors == 1)
    #expect(try model.leaveOneOutScores() == [1, 1])
  }
}
