import Files
import Foundation

// The messages of onnx.proto by the numbers of their fields.
extension ONNXGraph {
  private static let irVersion = 8
  private static let operators = ["": 17, classicalDomain: 3]
  /// What a message of Protocol Buffers may have.
  private static let mostBytes = Int(Int32.max)

  /// Writes a whole model, or none.
  ///
  /// - Parameters:
  ///   - url: A file.
  ///   - producer: Name and version of the program.
  ///   - metadata: What is known about the model beside the computation.
  /// - Throws: `ONNXFault.tooLarge`; `FileFault.unwritable`.
  package func write(
    to url: URL, producer: (name: String, version: String),
    metadata: [String: String]
  ) throws {
    let size = constants.reduce(0) { $0 + $1.bytes.count }
    guard size < Self.mostBytes else { throw ONNXFault.tooLarge(bytes: size) }
    let bytes = message(producer, metadata)
    guard bytes.count <= Self.mostBytes else {
      throw ONNXFault.tooLarge(bytes: bytes.count)
    }
    try WholeFile.write(bytes, to: url)
  }

  /// ModelProto.
  private func message(
    _ producer: (name: String, version: String), _ metadata: [String: String]
  ) -> Data {
    var model = ProtocolBuffer()
    model.add(1, Self.irVersion)
    model.add(2, producer.name)
    model.add(3, producer.version)
    model.add(7) { graph in
      for node in nodes { graph.add(1) { node.write(to: &$0) } }
      graph.add(2, "anomaly scores")
      for constant in constants { graph.add(5) { constant.write(to: &$0) } }
      for input in inputs { graph.add(11) { input.write(to: &$0) } }
      for output in outputs { graph.add(12) { output.write(to: &$0) } }
    }
    for (domain, version) in Self.operators.sorted(by: { $0.key < $1.key }) {
      model.add(8) {
        $0.add(1, domain)
        $0.add(2, version)
      }
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      model.add(14) {
        $0.add(1, key)
        $0.add(2, value)
      }
    }
    return model.bytes
  }
}

extension ONNXGraph.Node {
  /// NodeProto.
  fileprivate func write(to message: inout ProtocolBuffer) {
    for input in inputs { message.add(1, input.name) }
    for output in outputs { message.add(2, output.name) }
    message.add(3, outputs[0].name)
    message.add(4, operation)
    for (name, value) in attributes {
      message.add(5) {
        $0.add(1, name)
        value.write(to: &$0)
      }
    }
    message.add(7, domain)
  }
}

extension ONNXGraph.Attribute {
  /// AttributeProto without its name.
  fileprivate func write(to message: inout ProtocolBuffer) {
    let type: Int
    switch self {
    case .number(let value):
      message.add(2, value)
      type = 1
    case .integer(let value):
      message.add(3, value)
      type = 2
    case .text(let text):
      message.add(4, text)
      type = 3
    case .numbers(let values):
      message.add(7, packed: values)
      type = 6
    case .integers(let values):
      message.add(8, packed: values)
      type = 7
    case .texts(let texts):
      for text in texts { message.add(9, text) }
      type = 8
    }
    message.add(20, type)
  }
}

extension ONNXGraph.Constant {
  /// TensorProto.
  fileprivate func write(to message: inout ProtocolBuffer) {
    message.add(1, packed: shape)
    message.add(2, type.rawValue)
    message.add(8, name)
    message.add(9, bytes)
  }
}

extension ONNXGraph.Port {
  /// ValueInfoProto, with TypeProto and TensorShapeProto.
  fileprivate func write(to message: inout ProtocolBuffer) {
    message.add(1, name)
    message.add(2) {
      $0.add(1) {
        $0.add(1, type.rawValue)
        $0.add(2) { dimensions in
          dimensions.add(1) { $0.add(2, "rows") }
          for size in shape { dimensions.add(1) { $0.add(1, size) } }
        }
      }
    }
    message.add(3, words)
  }
}
