import Detectors
import Execution
import Files
import Foundation
import LinearAlgebra

extension ConformanceCheck {
  static let saving = ConformanceCheck(
    "A saved and loaded model gives the same bits"
  ) { detector in
    func check<D: Detector>(_ detector: D) throws {
      let samples = ordinarySamples()
      let model = try detector.fit(samples, in: RunContext(seed: 2))
      let file = URL.temporaryDirectory.appending(
        path: "conformance-\(UUID()).safetensors")
      defer { try? FileManager.default.removeItem(at: file) }
      try Safetensors(encoding: model).write(to: file)
      let loaded = try Safetensors(contentsOf: file).decode(D.Model.self)
      try require(
        loaded.scores(for: samples) == model.scores(for: samples),
        "the scores differ")

      let json = try JSONEncoder().encode(detector)
      try require(
        JSONDecoder().decode(D.self, from: json) == detector,
        "the hyper-parameters differ")
    }
    try check(detector)
  }

  static let editedModel = ConformanceCheck(
    "A model file that was edited is refused or scores, but never crashes"
  ) { detector in
    func check<D: Detector>(_ detector: D) throws {
      let saved = try Safetensors(
        encoding: detector.fit(ordinarySamples(rows: 40), in: RunContext()))
      for edited in saved.edits {
        // Either is right: a typed refusal, or scores from odd numbers.
        guard let model = try? edited.decode(D.Model.self) else { continue }
        _ = try? model.scores(
          for: Matrix(
            rows: 3, columns: min(max(model.featureCount, 0), 1000),
            repeating: 1))
      }
      for name in saved.tensors.keys {
        var edited = saved
        edited.tensors[name] = nil
        try requireFailure(
          "DecodingError", of: "reading a model without \(name)"
        ) {
          _ = try edited.decode(D.Model.self)
        } where: {
          $0 is DecodingError
        }
      }
    }
    try check(detector)
  }
}

extension Safetensors {
  /// The file with one thing changed, in many ways.
  fileprivate var edits: [Safetensors] {
    var edits: [Safetensors] = []
    for (name, tensor) in tensors {
      func edit(_ change: (inout StoredTensor) -> Void) {
        var edited = self
        var tensor = tensor
        change(&tensor)
        edited.tensors[name] = tensor
        edits.append(edited)
      }
      edit {
        $0.shape = [0] + $0.shape.dropFirst()
        $0.bytes = Data()
      }
      edit { $0.shape = $0.shape.reversed() }
      edit { $0.shape.insert(1, at: 0) }
      if let rows = tensor.shape.first, rows > 0 {
        edit {
          $0.shape[0] -= 1
          $0.bytes.removeLast($0.bytes.count / rows)
        }
        edit {
          $0.shape[0] += 1
          $0.bytes.append(Data(count: $0.bytes.count / rows))
        }
      }
      // As floating point 0xFF is NaN, 0x7F too or huge; as an integer -1 and
      // the greatest.
      for byte: UInt8 in [0x00, 0x7f, 0x80, 0xff] {
        edit { $0.bytes = Data(repeating: byte, count: $0.bytes.count) }
        edit { tensor in
          for index in tensor.bytes.indices.suffix(tensor.type.width) {
            tensor.bytes[index] = byte
          }
        }
      }
    }
    // Every number of the JSON, replaced by others.
    for (key, text) in metadata {
      let numbers = text.ranges(of: #/-?\b\d+(\.\d+)?(e[+-]?\d+)?/#)
      for range in numbers {
        for replacement in [
          "0", "-1", "1", "7", "1e30", "0.5", "4294967296",
          "9223372036854775807",
        ] {
          var edited = self
          edited.metadata[key] = text.replacingCharacters(
            in: range, with: replacement)
          edits.append(edited)
        }
      }
    }
    return edits
  }
}
