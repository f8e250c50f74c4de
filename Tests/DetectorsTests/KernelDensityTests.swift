import Detectors
import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite("Kernel density")
struct KernelDensityTests {
  // The negative of `score_samples` of scikit-learn 1.9.1's KernelDensity, in
  // double precision of the same table: of the first training rows and of new
  // ones.
  @Test(
    "60 x 7: the densities of scikit-learn",
    arguments: [
      (
        KernelDensity.Bandwidth.scott,
        [
          4.922727636188565, 4.806651515389197, 4.929443195442569,
          4.868224079913054, 4.809131876397341, 4.9444026386160935,
        ],
        [
          6.124450145738891, 7.16370762556347, 6.730738569508122,
          6.514717116201904, 7.1777246132275385, 6.5062407256130745,
        ]
      ),
      (
        KernelDensity.Bandwidth.silverman,
        [
          4.561172315500701, 4.435097684383781, 4.5593866610490625,
          4.491463476009349, 4.430001133135171, 4.581530957617562,
        ],
        [
          5.933379741773409, 7.076426118026637, 6.6096311703011335,
          6.357157763207915, 7.106214972040403, 6.324393038023237,
        ]
      ),
      (
        KernelDensity.Bandwidth.value(0.3),
        [
          1.642668369806306, 1.6339302928071975, 1.1506739581582615,
          0.9427226510573883, 1.0989510927036248, 1.2466273655817797,
        ],
        [
          7.503548109353436, 8.092909991183799, 8.64461110231787,
          6.5970287929818205, 9.582781608779875, 5.27959084604557,
        ]
      ),
    ])
  func reference(
    bandwidth: KernelDensity.Bandwidth, training: [Double], new: [Double]
  ) throws {
    let samples = table(rows: 60, columns: 7)
    let model = try KernelDensity(bandwidth: bandwidth).fit(samples)
    expectClose(
      try model.scores(for: samples).prefix(6), training,
      within: .relative(1e-5))
    expectClose(
      try model.scores(for: stretchedRows(after: 60, columns: 7)), new,
      within: .relative(1e-5))
  }

  @Test("A training sample that is left out scores as by the others alone")
  func leftOut() throws {
    let samples = noise(rows: 90, columns: 3)
    let detector = KernelDensity(bandwidth: .value(0.5))
    let leftOut = try detector.fit(samples).leaveOneOutScores()
    for row in [0, 40, 89] {
      let others = samples.selecting(rows: (0..<90).filter { $0 != row })
      expectClose(
        try detector.fit(others).scores(for: samples.selecting(rows: [row])),
        [Double(leftOut[row])], within: .relative(1e-5))
    }
  }
}
