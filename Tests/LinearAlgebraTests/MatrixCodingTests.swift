import Files
import Foundation
import LinearAlgebra
import Testing

private struct Part: Codable, Equatable {
  @Tensor var weights: [Double]
  var name: String
}

private struct Whole: Codable, Equatable {
  var matrix: Matrix
  var optional: Matrix?
  var parts: [Part]
  @Tensor var bytes: [UInt8]
  @Tensor var indices: [Int32]
  @Tensor var longs: [Int64]
  @Tensor var floats: [Float]

  static let example = Whole(
    matrix: Matrix([[1, 2, 3], [4, 5, -0.0]]), optional: nil,
    parts: [
      Part(weights: [0.1, .leastNonzeroMagnitude], name: "first"),
      Part(weights: [], name: "second"),
    ],
    bytes: [0, 255], indices: [.min, .max], longs: [.min, .max],
    floats: [.infinity, .ulpOfOne])
}

@Suite("Tensor coding")
struct TensorCodingTests {
  @Test("A value comes back from safetensors bit for bit")
  func safetensors() throws {
    let stored = try Safetensors(encoding: Whole.example)
    #expect(try stored.decode(Whole.self) == .example)
    let matrix = try #require(stored.tensors["matrix"])
    #expect(matrix.type == .float32)
    #expect(matrix.shape == [2, 3])
    #expect(matrix.bytes.suffix(4) == Data([0, 0, 0, 0x80]))
    #expect(stored.tensors["parts.0.weights"]?.type == .float64)
    #expect(stored.tensors["bytes"]?.bytes == Data([0, 255]))
  }

  @Test("A value comes back from JSON")
  func json() throws {
    var value = Whole.example
    value.floats = [0.1]
    let data = try JSONEncoder().encode(value)
    #expect(try JSONDecoder().decode(Whole.self, from: data) == value)
  }

  @Test(
    "A matrix whose shape does not fit its values is refused",
    arguments: [
      #"{"rows":2,"columns":2,"values":[1,2,3]}"#,
      #"{"rows":-1,"columns":-3,"values":[1,2,3]}"#,
      #"{"rows":4611686018427387904,"columns":4,"values":[]}"#,
    ])
  func wrongShape(text: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Matrix.self, from: Data(text.utf8))
    }
  }

  @Test("Missing tensors and tensors of another kind are refused")
  func damaged() throws {
    let stored = try Safetensors(encoding: Whole.example)
    func expectRefusal(_ change: (inout Safetensors) -> Void) {
      var changed = stored
      change(&changed)
      #expect(throws: DecodingError.self) { try changed.decode(Whole.self) }
    }
    expectRefusal { $0.tensors["bytes"] = nil }
    expectRefusal { $0.tensors["bytes"] = $0.tensors["floats"] }
    expectRefusal { $0.tensors["matrix"]?.shape = [6] }
    expectRefusal { $0.tensors["matrix"]?.shape = [3, 3] }
    expectRefusal { $0.metadata = [:] }
    #expect(throws: DecodingError.self) { try stored.decode(Part.self) }
  }
}
