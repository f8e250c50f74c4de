import Diagnostics
import Testing

@Suite("Faults")
struct FaultTests {
  private struct Example: Fault {
    var kind = FaultKind.data
    var problem: Message = "the cup is empty"
    var place: String?
    var remedy: Message = "fill it"
  }

  @Test("The description is one line: problem, place, remedy")
  func description() {
    #expect("\(Example())" == "the cup is empty: fill it")
    #expect(
      "\(Example(place: "table 3"))" == "the cup is empty (table 3): fill it")
  }

  @Test("Messages that read the same are equal, however they were put together")
  func equality() {
    let column: Message = "column \("b")"
    let whole: Message = "line \(2), \(column)" + "!"
    #expect(whole == Message("line 2, column b!"))
    let option: Message = "lower \(option: "n-init")"
    #expect(option != Message("lower nInit"))
  }

  @Test("The exit statuses are those of sysexits.h")
  func exitStatus() {
    #expect(FaultKind.usage.rawValue == 64)
    #expect(FaultKind.data.rawValue == 65)
    #expect(FaultKind.inputOutput.rawValue == 74)
  }
}
