import Diagnostics
import Execution
import Testing

@Suite("Cancellation")
struct CancellationTests {
  @Test("Work goes on until it is asked to stop, and then stops at every check")
  func check() throws {
    let cancellation = Cancellation()
    try cancellation.check()
    #expect(!cancellation.isRequested)
    cancellation.cancel()
    #expect(cancellation.isRequested)
    for _ in 0..<2 {
      #expect(throws: CancellationError.self) { try cancellation.check() }
    }
  }

  @Test("A request from another task is seen")
  func otherTask() async {
    let cancellation = Cancellation()
    await Task.detached { cancellation.cancel() }.value
    #expect(cancellation.isRequested)
  }
}
