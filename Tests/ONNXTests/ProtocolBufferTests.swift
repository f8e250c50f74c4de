import Foundation
import Testing

@testable import ONNX

/// The bytes of the examples of the encoding's description.
@Suite struct ProtocolBufferTests {
  private func bytes(_ fill: (inout ProtocolBuffer) -> Void) -> [UInt8] {
    var message = ProtocolBuffer()
    fill(&message)
    return Array(message.bytes)
  }

  @Test("Whole numbers are seven bits a byte, the lowest first")
  func wholeNumbers() {
    #expect(bytes { $0.add(1, 150) } == [0x08, 0x96, 0x01])
    #expect(
      bytes { $0.add(1, -2) }
        == [0x08, 0xfe] + [UInt8](repeating: 0xff, count: 8) + [0x01])
    #expect(bytes { $0.add(20, 1) } == [0xa0, 0x01, 0x01])
  }

  @Test("Texts and messages stand behind their count of bytes")
  func texts() {
    #expect(
      bytes { $0.add(2, "testing") }
        == [0x12, 0x07] + Array("testing".utf8))
    #expect(
      bytes { $0.add(3) { $0.add(1, 150) } } == [0x1a, 0x03, 0x08, 0x96, 0x01])
  }

  @Test("Many numbers are one field")
  func packed() {
    #expect(
      bytes { $0.add(6, packed: [3, 270, 86942]) }
        == [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05])
    #expect(
      bytes { $0.add(7, packed: [Float(1)]) }
        == [0x3a, 0x04, 0x00, 0x00, 0x80, 0x3f])
    #expect(bytes { $0.add(2, Float(1)) } == [0x15, 0x00, 0x00, 0x80, 0x3f])
  }
}
