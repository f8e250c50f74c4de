import Datasets
import Detectors
import Evaluation
import Execution
import Foundation
import LinearAlgebra
import Testing

@Suite("Isolation forest beside scikit-learn")
struct IsolationForestAgreementTests {
  /// A table of ADBench and the AUC of ten forests of scikit-learn 1.9.1.
  ///
  ///     X = StandardScaler().fit_transform(X.astype(numpy.float32))
  ///     for seed in range(10):
  ///         forest = IsolationForest(random_state=seed).fit(X)
  ///         roc_auc_score(y, -forest.score_samples(X))
  struct Reference: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var aucs: [Double]
  }

  private static let folder = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../../../shared/data/adbench").standardized

  @Test(
    "The AUC over ten seeds cannot be told from scikit-learn's",
    .enabled(if: FileManager.default.fileExists(atPath: folder.path)),
    arguments: [
      Reference(
        testDescription: "6_cardio",
        aucs: [
          0.9329, 0.9364, 0.909, 0.9358, 0.9447, 0.9332, 0.929, 0.9312, 0.9357,
          0.9405,
        ]),
      Reference(
        testDescription: "4_breastw",
        aucs: [
          0.9873, 0.986, 0.9892, 0.9898, 0.9857, 0.9875, 0.9866, 0.9876, 0.987,
          0.986,
        ]),
      Reference(
        testDescription: "28_pendigits",
        aucs: [
          0.9556, 0.9563, 0.9302, 0.9255, 0.9347, 0.9329, 0.9616, 0.9561,
          0.9029, 0.9621,
        ]),
      Reference(
        testDescription: "30_satellite",
        aucs: [
          0.6705, 0.6872, 0.728, 0.6898, 0.7052, 0.6802, 0.7064, 0.695, 0.7297,
          0.7158,
        ]),
      Reference(
        testDescription: "44_Wilt",
        aucs: [
          0.4252, 0.4438, 0.4528, 0.4589, 0.507, 0.4472, 0.4604, 0.4344, 0.4407,
          0.4894,
        ]),
      Reference(
        testDescription: "22_magic.gamma",
        aucs: [
          0.7009, 0.7325, 0.7247, 0.7236, 0.7175, 0.7338, 0.7225, 0.7118,
          0.7329, 0.7087,
        ]),
    ])
  func agreement(reference: Reference) throws {
    let dataset = try Dataset(
      at: Self.folder.appendingPathComponent(
        reference.testDescription + ".npz"))
    let table = try #require(dataset.categories.first?.test)
    let labels = try #require(table.labels)
    let samples = try table.source.matrix().standardized()
    let aucs = try (0..<10).map { (seed: UInt64) in
      let model = try IsolationForest().fit(
        samples, in: RunContext(seed: seed))
      return try Evaluation(
        scores: model.scores(for: samples), labels: labels
      ).auroc
    }
    // Student's two-sample test with 18 degrees of freedom, at the level 0.01.
    #expect(abs(studentStatistic(aucs, reference.aucs)) < 2.878)
  }

  private func studentStatistic(_ first: [Double], _ second: [Double]) -> Double
  {
    func mean(_ values: [Double]) -> Double {
      values.reduce(0, +) / Double(values.count)
    }
    func squaredError(_ values: [Double]) -> Double {
      let center = mean(values)
      let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
      return squares / Double((values.count - 1) * values.count)
    }
    return (mean(first) - mean(second))
      / (squaredError(first) + squaredError(second)).squareRoot()
  }
}
