import COpenBLAS
import Foundation

extension BLAS {
  /// Starts the process again with kernels for AVX2 where OpenBLAS does not know
  /// a processor that has it; does nothing elsewhere.
  ///
  /// OpenBLAS chooses its kernels when it is loaded. 0.3.21, that of Debian 12,
  /// takes a processor that is younger than itself for one of 2004, whose
  /// kernels need twice to four times as long. `OPENBLAS_CORETYPE`, its own
  /// variable, tells it; one that is set already is left as it is.
  package static func restartOnUnknownProcessor() {
    let variable = "OPENBLAS_CORETYPE"
    guard getenv(variable) == nil, let kernels = openblas_get_corename(),
      String(cString: kernels) == "Prescott",
      let processors = try? String(
        contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
      let flags = processors.split(separator: "\n")
        .first(where: { $0.hasPrefix("flags") })?.split(separator: " "),
      flags.contains("avx2"), flags.contains("fma")
    else { return }
    setenv(variable, "Haswell", 1)
    // Where this fails, the process goes on as it is.
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  }
}
