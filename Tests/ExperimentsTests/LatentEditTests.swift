import Experiments
import LinearAlgebra
import Testing

@Suite struct LatentEditTests {
  @Test(
    "Edits are read as they are written in a report",
    arguments: [
      ("0*=2", [2, 2, 3]), ("1+=1.5", [1, 3.5, 3]), ("2-=3", [1, 2, 0]),
      ("2/=2", [1, 2, 1.5]), ("1=-4", [1, -4, 3]),
    ] as [(String, [Float])])
  func edits(text: String, expected: [Float]) throws {
    let edit = try #require(LatentEdit(text))
    #expect(
      try edit.applied(to: Matrix([[1, 2, 3], [1, 2, 3]])).values
        == expected + expected)
  }

  @Test(
    "Anything else is no edit",
    arguments: ["", "0", "0*2", "x*=2", "-1*=2", "0*=", "0*=nan", "0*=two"])
  func nonsense(text: String) {
    #expect(LatentEdit(text) == nil)
  }

  @Test("An index beyond the code is refused with the range")
  func outOfRange() throws {
    let edit = try #require(LatentEdit("3*=2"))
    #expect(
      throws: ExperimentFault.latentIndexOutOfRange(3, latentSize: 3)
    ) {
      try edit.applied(to: Matrix([[1, 2, 3]]))
    }
  }
}
