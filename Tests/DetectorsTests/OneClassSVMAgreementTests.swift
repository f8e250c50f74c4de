import Datasets
import Detectors
import Execution
import Foundation
import LinearAlgebra
import Testing

@Suite("One-class SVM beside scikit-learn")
struct OneClassSVMAgreementTests {
  /// A table of ADBench and the solution of scikit-learn 1.9.1.
  ///
  ///     X = StandardScaler().fit_transform(X.astype(numpy.float32))
  ///     svm = OneClassSVM(nu=nu, tol=1e-6).fit(X)
  ///     G = svm.decision_function(svm.support_vectors_) + svm.offset_
  ///     objective = 0.5 * svm.dual_coef_[0] @ G
  ///     rho = svm.offset_[0]
  ///     rows = numpy.linspace(0, len(X) - 1, 20).astype(int)
  ///     scores = -svm.decision_function(X)[rows]
  struct Reference: CustomTestStringConvertible, Sendable {
    var table: String
    var nu: Double
    var objective: Double
    var rho: Double
    var scores: [Float]

    var testDescription: String { "\(table), nu \(nu)" }
  }

  private static let folder = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../../../shared/data/adbench").standardized

  @Test(
    "Objective, rho and scores of real tables are scikit-learn's",
    .enabled(if: FileManager.default.fileExists(atPath: folder.path)),
    arguments: [
      Reference(
        table: "6_cardio", nu: 0.1, objective: 802.7983031,
        rho: 10.6129284,
        scores: [
          -6.07148, 0, 0, -2.75336, 2.87681, 3.35089, -2.46873, -2.87251,
          -4.7702, -3.70816, -0.0986016, -5.10184, -1.22681, -5.74705, -4.7052,
          -2.94575, -5.1792, -2.3742, 0.234502, 3.92338,
        ]),
      Reference(
        table: "6_cardio", nu: 0.5, objective: 57841.22335,
        rho: 179.178531,
        scores: [
          -17.7999, 64.9412, 100.625, 56.8508, 108.972, 107.475, 24.8776,
          7.85234, -36.2493, 0, 82.9868, -32.405, 11.5158, -23.7253, -21.8575,
          9.19303, -35.5409, 2.95556, 100.918, 145.776,
        ]),
      Reference(
        table: "38_thyroid", nu: 0.1, objective: 4063.295899,
        rho: 28.8457202,
        scores: [
          -6.47428, 1.45817, -0.574706, -9.24187, -4.72517, -3.16346, -6.10062,
          -7.89707, -8.11853, -10.1131, 0.238008, -7.08756, -10.2213, -3.46207,
          -7.23796, -10.459, -7.99344, -3.39543, -7.83957, -10.1147,
        ]),
      Reference(
        table: "38_thyroid", nu: 0.5, objective: 372191.3462,
        rho: 558.437332,
        scores: [
          37.2256, 449.51, 161.321, -94.878, 73.2993, 140.571, 5.38035, 1.89023,
          -21.5516, -116.258, 214.745, -71.6592, -140.117, 164.927, -57.8576,
          -115.261, -29.3862, 24.0316, -78.3107, -138.63,
        ]),
      Reference(
        table: "20_letter", nu: 0.1, objective: 950.0537342,
        rho: 13.3726828,
        scores: [
          0, -2.93058, -5.40456, -3.55449, -0.0580574, -2.17976, -4.31343,
          -0.862796, -4.47256, -3.86754, -4.44018, -5.72939, -4.73714, -5.41463,
          -5.58541, -7.35691, -6.64187, -4.91533, -6.22289, 0.744041,
        ]),
      Reference(
        table: "20_letter", nu: 0.5, objective: 39809.98608,
        rho: 120.898059,
        scores: [
          29.0715, 1.67702, -25.1238, -1.87935, 32.6371, 14.8176, -15.5983,
          11.1279, -2.93362, -6.40732, -17.3561, -1.3239, 2.12341, -9.07496,
          7.31132, -9.96809, -23.7015, 3.15304, -7.8153, 37.013,
        ]),
      Reference(
        table: "26_optdigits", nu: 0.1, objective: 6712.918837,
        rho: 35.7411845,
        scores: [
          -6.55298, -9.43595, -8.77907, -1.20694, -5.24017, -6.13579, -8.57389,
          -8.75336, -6.00492, -1.83559, -15.9613, -9.81925, -5.41645, -1.78001,
          -11.3075, -10.0637, 0, -5.84889, -11.6296, -1.17781,
        ]),
      Reference(
        table: "26_optdigits", nu: 0.5, objective: 500208.876,
        rho: 493.102294,
        scores: [
          -27.7986, -60.9232, -30.1083, 126.667, 19.346, 3.76648, -13.3184,
          29.6994, 24.2029, 130.715, -83.2004, 31.0913, 34.4044, 97.8923,
          -64.9373, -73.3111, 138.458, 0.659704, -68.7391, 102.626,
        ]),
    ])
  func agreement(reference: Reference) throws {
    let dataset = try Dataset(
      at: Self.folder.appendingPathComponent(reference.table + ".npz"))
    let table = try #require(dataset.categories.first?.test)
    let samples = try table.source.matrix().standardized()
    let model = try OneClassSVM(nu: reference.nu)
      .fit(samples, in: RunContext())
    #expect(model.convergence.gap < 1e-3)
    let objective = model.convergence.objective
    #expect(abs(objective / reference.objective - 1) < 1e-6)
    #expect(abs(model.rho - reference.rho) < 1e-3)
    let scores = try model.scores(for: samples)
    for (index, expected) in reference.scores.enumerated() {
      let row = index * (samples.rows - 1) / (reference.scores.count - 1)
      // The stopping rule leaves 1e-3; the samples were rounded to Float.
      #expect(abs(scores[row] - expected) < 2e-3)
    }
  }
}
