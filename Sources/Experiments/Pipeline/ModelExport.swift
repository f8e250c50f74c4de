import Datasets
import Detectors
import Diagnostics
import Evaluation
import Features
import Files
import Foundation
import ONNX

/// What other programs read a model as.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum ExportFormat: String, CaseIterable, Sendable {
  /// A graph of operators from samples to scores and labels.
  case onnx
  /// All that was learned, as arrays of NumPy.
  case npz
  /// The same as text.
  case json
}

extension FittedPipeline {
  /// Writes the model for other programs.
  ///
  /// ONNX takes `pixels` (pictures x height x width x channels, 0 to 1, single
  /// precision, shrunk as the model has them) or `columns` (rows x columns,
  /// double precision, as they are), and gives `score` and, with a threshold,
  /// `label`: 1 above it. In the other formats a name is the path of a part of
  /// the model, such as `model.centroids`.
  ///
  /// - Parameters:
  ///   - url: The file to write.
  ///   - format: What reads it.
  ///   - threshold: Above it a sample is called anomalous; nil without one.
  /// - Throws: A fault that names the part of a model which ONNX cannot say;
  ///   `FileFault.unwritable`; the target is then as it was.
  public func export(
    to url: URL, as format: ExportFormat, threshold: Double? = nil
  ) throws {
    switch format {
    case .onnx: try writeONNX(to: url, threshold: threshold)
    case .npz:
      try NPZ.write(
        tree(threshold: threshold).leaves.map { path, value in
          value.member(called: path)
        }, to: url)
    case .json:
      let tree = try tree(threshold: threshold)
      try WholeFile.write(to: url) { sink in
        try tree.writeJSON { try sink.write(Data($0.utf8)) }
        try sink.write(Data("\n".utf8))
      }
    }
  }

  /// What a model file holds, and the names beside it.
  private func tree(threshold: Double?) throws -> ValueTree {
    let tree = try stored().tree()
    guard case .fields(var fields) = tree else { return tree }
    fields["name"] = .text(detector.name)
    fields["version"] = .text(anomalyKitVersion)
    fields["threshold"] = threshold.map { .number($0) }
    return .fields(fields)
  }

  private func writeONNX(to url: URL, threshold: Double?) throws {
    guard model.grouping == nil else {
      throw ONNXFault.notExported(
        "a model of groups", reason: "each group has a model of its own")
    }
    guard let model = model.exporting else {
      throw ONNXFault.notExported(
        "the detector \(detector.name)",
        reason: "its steps have no form there yet")
    }
    var graph = ONNXGraph()
    let features = try extractor.addFeatures(
      model.featureCount, to: &graph)
    let rows = scaler.addScaled(features, to: &graph)
    let scores = try model.addScores(of: rows, to: &graph)
    graph.output("score", scores, .float32, words: "higher is stranger")
    if let threshold {
      let isAbove = graph(
        "Greater", graph.doubles(scores),
        graph.constant([threshold], shape: []))
      graph.output(
        "label", graph("Cast", isAbove, attributes: ["to": .type(.int64)]),
        .int64, words: "1 above the threshold, 0 below it")
    }
    try graph.write(
      to: url, producer: ("AnomalyKit", anomalyKitVersion),
      metadata: onnxMetadata(threshold: threshold))
  }

  private func onnxMetadata(threshold: Double?) throws -> [String: String] {
    var metadata = origin?.metadata ?? [:]
    metadata["detector"] = detector.name
    metadata["features"] = extractor.name
    metadata["input"] =
      extractor.imageShape.map {
        "pictures shrunk to \($0.width)x\($0.height) pixels"
          + " (\($0.channels == 1 ? "grey" : "red, green, blue")), 0 to 1"
      } ?? "columns in their own units, in this order"
    if let names = extractor.table?.names {
      metadata["columns"] = String(
        decoding: try JSONEncoder().encode(names), as: UTF8.self)
    }
    metadata["threshold"] = threshold.map { "\($0)" }
    return metadata
  }
}

extension ValueTree {
  /// The leaf as an array of NumPy; a single value has no dimension.
  fileprivate func member(called name: String) -> NPZ.Member {
    func member<Number: BitwiseCopyable>(
      _ type: ElementType, _ shape: [Int], _ values: [Number]
    ) -> NPZ.Member {
      NPZ.Member(
        name: name, type: type, shape: shape,
        bytes: values.withUnsafeBytes { Data($0) })
    }
    func number(_ value: ValueTree) -> Double {
      switch value {
      case .whole(let whole): Double(whole)
      case .number(let number): number
      default: .nan
      }
    }
    switch self {
    case .flag(let flag):
      return member(ElementType(.boolean, width: 1), [], [UInt8(flag ? 1 : 0)])
    case .whole(let whole): return member(.int64, [], [Int64(whole)])
    case .number(let number): return member(.float64, [], [number])
    case .text(let text):
      let scalars = text.unicodeScalars.map(\.value)
      let width = max(scalars.count, 1)
      return member(
        ElementType(.unicode, width: 4 * width), [],
        scalars.isEmpty ? [0] : scalars)
    case .array(let array):
      return NPZ.Member(
        name: name, type: ElementType(array.type), shape: array.shape,
        bytes: array.bytes)
    case .list(let values):
      let whole = values.compactMap { value -> Int64? in
        if case .whole(let whole) = value { Int64(whole) } else { nil }
      }
      return whole.count == values.count
        ? member(.int64, [whole.count], whole)
        : member(.float64, [values.count], values.map(number))
    case .nothing, .fields: preconditionFailure("no leaf")
    }
  }
}

extension ElementType {
  fileprivate init(_ type: TensorType) {
    self =
      switch type {
      case .float32: .float32
      case .float64: .float64
      case .int32: ElementType(.signed, width: 4)
      case .int64: .int64
      case .uint8: .uint8
      }
  }
}
