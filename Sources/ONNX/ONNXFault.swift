import Diagnostics

/// Why a model has no form in ONNX.
package enum ONNXFault: Fault, Hashable {
  /// A part of the model, by its name, and what of it there is no operator
  /// for, or nobody wrote down.
  case notExported(String, reason: String)
  /// A file may have 2 GiB.
  case tooLarge(bytes: Int)

  package var kind: FaultKind { .usage }

  package var problem: FaultMessage {
    switch self {
    case .notExported(let part, let reason):
      "\(part) cannot be exported to ONNX: \(reason)"
    case .tooLarge(let bytes):
      "the model takes \(bytes >> 20) MiB, and an ONNX file holds 2,047"
    }
  }

  package var remedy: FaultMessage {
    "export it with \(option: "to", "npz") or \(option: "to", "json"), or score"
      + " with `anomaly score`"
  }
}
