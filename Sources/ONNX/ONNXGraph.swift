import Foundation

/// A computation in the operators of ONNX, under construction.
///
///     let difference = graph("Sub", samples, mean)
///
/// Operators: https://onnx.ai/onnx/operators, those of `ai.onnx` 17 and of
/// `ai.onnx.ml` 3.
package struct ONNXGraph {
  /// What a node gives, by its name.
  package struct Value: Hashable, Sendable {
    package let name: String
  }

  /// The element types that are used here, with the numbers that ONNX has for
  /// them.
  package enum ElementType: Int, Sendable {
    case float32 = 1
    case int64 = 7
    case float64 = 11
  }

  package enum Attribute: Sendable {
    case integer(Int)
    case integers([Int])
    case number(Float)
    case numbers([Float])
    case text(String)
    case texts([String])
  }

  /// One step of the computation.
  struct Node {
    var operation: String
    var domain: String
    var inputs: [Value]
    var outputs: [Value]
    var attributes: [(name: String, value: Attribute)]
  }

  /// An array that is part of the model.
  struct Constant {
    var name: String
    var type: ElementType
    var shape: [Int]
    var bytes: Data
  }

  /// What the model is given, or gives: as many rows as somebody likes.
  struct Port {
    var name: String
    var type: ElementType
    /// Without the number of rows.
    var shape: [Int]
    var words: String
  }

  private(set) var nodes: [Node] = []
  private(set) var constants: [Constant] = []
  private(set) var inputs: [Port] = []
  private(set) var outputs: [Port] = []

  /// The domain of operators of classical machine learning.
  package static let classicalDomain = "ai.onnx.ml"

  package init() {}

  /// What the model is given.
  ///
  /// - Parameters:
  ///   - shape: Of a sample.
  ///   - words: What it is, for people.
  package mutating func input(
    _ name: String, _ type: ElementType, shape: [Int], words: String
  ) -> Value {
    inputs.append(Port(name: name, type: type, shape: shape, words: words))
    return Value(name: name)
  }

  /// Makes a value an output, with a row for each sample.
  package mutating func output(
    _ name: String, _ value: Value, _ type: ElementType, words: String
  ) {
    nodes.append(
      Node(
        operation: "Identity", domain: "", inputs: [value],
        outputs: [Value(name: name)], attributes: []))
    outputs.append(Port(name: name, type: type, shape: [], words: words))
  }

  /// What an operator makes of values.
  package mutating func callAsFunction(
    _ operation: String, _ inputs: Value...,
    attributes: KeyValuePairs<String, Attribute> = [:], domain: String = ""
  ) -> Value {
    self(operation, inputs, attributes: attributes, domain: domain)
  }

  /// What an operator makes of values.
  package mutating func callAsFunction(
    _ operation: String, _ inputs: [Value],
    attributes: KeyValuePairs<String, Attribute> = [:], domain: String = ""
  ) -> Value {
    self(
      operation, inputs, outputs: 1, attributes: attributes, domain: domain)[0]
  }

  /// What an operator of several results makes of values.
  package mutating func callAsFunction(
    _ operation: String, _ inputs: [Value], outputs count: Int,
    attributes: KeyValuePairs<String, Attribute> = [:], domain: String = ""
  ) -> [Value] {
    let outputs = (0..<count).map {
      Value(name: "\(operation)_\(nodes.count)_\($0)")
    }
    nodes.append(
      Node(
        operation: operation, domain: domain, inputs: inputs, outputs: outputs,
        attributes: attributes.map { ($0, $1) }))
    return outputs
  }

  /// - Parameter shape: Nil for one dimension.
  package mutating func constant(
    _ values: [Float], shape: [Int]? = nil
  ) -> Value {
    add(.float32, values.count, shape, values.littleEndianBytes)
  }

  /// - Parameter shape: Nil for one dimension.
  package mutating func constant(
    _ values: [Double], shape: [Int]? = nil
  ) -> Value {
    add(.float64, values.count, shape, values.littleEndianBytes)
  }

  /// - Parameter shape: Nil for one dimension.
  package mutating func constant(_ values: [Int], shape: [Int]? = nil) -> Value
  {
    add(.int64, values.count, shape, values.map(Int64.init).littleEndianBytes)
  }

  private mutating func add(
    _ type: ElementType, _ count: Int, _ shape: [Int]?, _ bytes: Data
  ) -> Value {
    precondition(shape?.reduce(1, *) ?? count == count)
    let name = "constant_\(constants.count)"
    constants.append(
      Constant(name: name, type: type, shape: shape ?? [count], bytes: bytes))
    return Value(name: name)
  }
}

extension ONNXGraph.Attribute: ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral, ExpressibleByStringLiteral
{
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(arrayLiteral elements: Int...) { self = .integers(elements) }
  package init(stringLiteral value: String) { self = .text(value) }
}

// MARK: Steps that many models take

extension ONNXGraph {
  /// The same numbers in double precision.
  package mutating func doubles(_ value: Value) -> Value {
    self("Cast", value, attributes: ["to": .type(.float64)])
  }

  /// The same numbers in single precision, those beyond it as its greatest.
  package mutating func singles(_ value: Value) -> Value {
    let greatest = constant([Double(Float.greatestFiniteMagnitude)], shape: [])
    let least = self("Min", value, greatest)
    return self("Cast", least, attributes: ["to": .type(.float32)])
  }

  /// The sum of the squares of every row; a column of them where `isColumn`.
  package mutating func squaredNorms(
    _ rows: Value, isColumn: Bool = false
  ) -> Value {
    self(
      "ReduceSumSquare", rows,
      attributes: ["axes": [1], "keepdims": isColumn ? 1 : 0])
  }

  /// The same numbers in another shape, of which -1 stands for the rows.
  package mutating func reshaped(_ value: Value, _ shape: [Int]) -> Value {
    self("Reshape", value, constant(shape))
  }
}

extension ONNXGraph.Attribute {
  /// What `Cast` casts to.
  package static func type(_ type: ONNXGraph.ElementType) -> Self {
    .integer(type.rawValue)
  }
}
