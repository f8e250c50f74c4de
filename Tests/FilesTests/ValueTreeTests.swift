import Files
import Foundation
import Testing

@Suite struct ValueTreeTests {
  private struct Value: Codable {
    struct Part: Codable {
      @Tensor var weights: [Float] = [0.1, .infinity]
      var counts = [3, 4]
      var rate = 0.5
    }
    var parts = [Part()]
    var isWhole = true
    var name = "a \"b\""
    var missing: Int? = nil
  }

  private var tree: ValueTree {
    get throws { try Safetensors(encoding: Value()).tree() }
  }

  @Test("Arrays stand where their names were, and every leaf has its path")
  func leaves() throws {
    let leaves = try tree.leaves
    #expect(
      leaves.map(\.path) == [
        "isWhole", "name", "parts.0.counts", "parts.0.rate", "parts.0.weights",
      ])
    #expect(leaves[2].value == .list([.whole(3), .whole(4)]))
    guard case .array(let array) = leaves[4].value else {
      Issue.record("no array")
      return
    }
    #expect(array.type == .float32 && array.shape == [2])
  }

  @Test("JSON has single precision in its shortest digits, infinity as 1e999")
  func json() throws {
    var text = ""
    try tree.writeJSON { text += $0 }
    #expect(
      text == #"""
        {"isWhole": true,
        "name": "a \"b\"",
        "parts": [{"counts": [3, 4],
        "rate": 0.5,
        "weights": [0.1, 1e999]}]}
        """#)
  }

  @Test("An array of rows is a list of lists")
  func rows() throws {
    let numbers: [Int32] = [1, 2, 3, 4, 5, 6]
    let array = StoredTensor(
      type: .int32, shape: [2, 3],
      bytes: numbers.withUnsafeBytes { Data($0) })
    var text = ""
    try ValueTree.array(array).writeJSON { text += $0 }
    #expect(text == "[[1, 2, 3],\n[4, 5, 6]]")
  }
}
