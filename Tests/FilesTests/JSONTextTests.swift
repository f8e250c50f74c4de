import Foundation
import Testing

@testable import Files

@Suite struct JSONTextTests {
  @Test(
    "Brackets that are open at once are counted, those in strings not",
    arguments: [
      ("", 0), ("[]", 1), ("[[],{}]", 2), (#"{"a[[[": "]{{\"[["}"#, 1),
      (#"["\\", [[]]]"#, 3), ("]][[", 0),
    ])
  func nesting(text: String, depth: Int) {
    #expect(JSONText.nesting(of: Data(text.utf8)) == depth)
  }

  @Test("What is nested more deeply than allowed is no JSON of ours")
  func limit() throws {
    indirect enum Nested: Decodable {
      case list([Nested])
      init(from decoder: any Decoder) throws {
        self = .list(try [Nested](from: decoder))
      }
    }
    func text(_ depth: Int) -> Data {
      Data(
        (String(repeating: "[", count: depth)
          + String(repeating: "]", count: depth)).utf8)
    }
    _ = try JSONText.decode(Nested.self, from: text(JSONText.deepestNesting))
    for depth in [JSONText.deepestNesting + 1, 513, 1_000_000] {
      #expect(throws: DecodingError.self) {
        try JSONText.decode(Nested.self, from: text(depth))
      }
    }
  }
}
