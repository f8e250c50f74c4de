import Diagnostics
import Testing

@Suite("Faults")
struct FaultTests {
  private struct Example: Fault {
    var kind = FaultKind.data
    var problem: FaultMessage = "the cup is empty"
    var place: String?
    var remedy: FaultMessage = "fill it"
  }

  @Test("The description is one line: problem, place, remedy")
  func description() {
    #expect("\(Example())" == "the cup is empty: fill it")
    #expect(
      "\(Example(place: "table 3"))" == "the cup is empty (table 3): fill it")
  }

  @Test("Messages that read the same are equal, however they were put together")
  func equality() {
    let column: FaultMessage = "column \("b")"
    let whole: FaultMessage = "line \(2), \(column)" + "!"
    #expect(whole == FaultMessage("line 2, column b!"))
    let option: FaultMessage = "lower \(option: "n-init")"
    #expect(option != FaultMessage("lower nInit"))
  }

  @Test("The exit statuses are those of sysexits.h")
  func exitStatus() {
    #expect(FaultKind.usage.rawValue == 64)
    #expect(FaultKind.data.rawValue == 65)
    #expect(FaultKind.inputOutput.rawValue == 74)
  }
}
