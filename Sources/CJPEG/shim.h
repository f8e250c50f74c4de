#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

// libjpeg reports an error by a call that must not return. Each function below
// catches the jumps out of the libjpeg calls it makes, so that none crosses a
// Swift frame, returns 0, and leaves libjpeg's words in `problem`.

typedef struct {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  /// Whether more bytes were wanted than there are.
  int is_cut_short;
  /// Whether the file may be whole, but is of a kind that libjpeg cannot read.
  int is_unsupported;
  char problem[JMSG_LENGTH_MAX];
} guarded_jpeg_reader;

/// Scans of a progressive picture: 10 are usual, a hundred or so of use.
enum { guarded_jpeg_most_scans = 200 };

static inline void guarded_jpeg_escape(
    guarded_jpeg_reader *reader, const char *words) {
  strncpy(reader->problem, words, sizeof reader->problem - 1);
  longjmp(reader->escape, 1);
}

static inline void guarded_jpeg_fail(j_common_ptr info) {
  guarded_jpeg_reader *reader = (guarded_jpeg_reader *)info->client_data;
  int code = info->err->msg_code;
  reader->is_unsupported =
      code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED;
  char words[JMSG_LENGTH_MAX];
  info->err->format_message(info, words);
  guarded_jpeg_escape(reader, words);
}

static inline void guarded_jpeg_tell(j_common_ptr info, int level) {
  guarded_jpeg_reader *reader = (guarded_jpeg_reader *)info->client_data;
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
      // What is wanted for pixels and missing is told apart from this.
      reader->is_cut_short = 1;
      return;
    case JWRN_EXTRANEOUS_DATA: {
      // Spare bytes do no harm, but those before a restart are lost pixels.
      int marker = info->err->msg_parm.i[1];
      if (marker < 0xd0 || marker > 0xd7) return;
      break;
    }
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
      return;
  }
  guarded_jpeg_fail(info);
}

static inline void guarded_jpeg_watch(j_common_ptr info) {
  if (info->is_decompressor &&
      ((j_decompress_ptr)info)->input_scan_number > guarded_jpeg_most_scans)
    guarded_jpeg_escape(
        (guarded_jpeg_reader *)info->client_data, "it has too many scans");
}

/// Null without memory.
static inline guarded_jpeg_reader *guarded_jpeg_make(void) {
  guarded_jpeg_reader *reader =
      (guarded_jpeg_reader *)calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->info.err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = guarded_jpeg_fail;
  reader->errors.emit_message = guarded_jpeg_tell;
  reader->progress.progress_monitor = guarded_jpeg_watch;
  return reader;
}

/// Reads the header of the `count` bytes of a JPEG file, which must stay where
/// they are.
static inline int guarded_jpeg_open(
    guarded_jpeg_reader *reader, const unsigned char *bytes, size_t count) {
  reader->info.client_data = reader;
  if (setjmp(reader->escape)) return 0;
  jpeg_create_decompress(&reader->info);
  reader->info.client_data = reader;
  reader->info.progress = &reader->progress;
  jpeg_mem_src(&reader->info, bytes, (unsigned long)count);
  jpeg_save_markers(&reader->info, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&reader->info, TRUE);
  return 1;
}

/// The blocks of 8 x 8 numbers of all components.
static inline size_t guarded_jpeg_blocks(const guarded_jpeg_reader *reader) {
  size_t count = 0;
  for (int i = 0; i < reader->info.num_components; i++) {
    const jpeg_component_info *component = reader->info.comp_info + i;
    count += (size_t)component->width_in_blocks * component->height_in_blocks;
  }
  return count;
}

/// Whether the numbers of the whole picture are in memory before its first row.
static inline int guarded_jpeg_is_buffered(guarded_jpeg_reader *reader) {
  return jpeg_has_multiple_scans(&reader->info);
}

/// The bytes behind the name of the marker with what cameras tell; null without
/// one.
static inline const unsigned char *guarded_jpeg_exif(
    const guarded_jpeg_reader *reader, size_t *count) {
  static const char name[6] = "Exif\0";
  for (jpeg_saved_marker_ptr marker = reader->info.marker_list; marker;
       marker = marker->next) {
    if (marker->data_length > sizeof name &&
        !memcmp(marker->data, name, sizeof name)) {
      *count = marker->data_length - sizeof name;
      return marker->data + sizeof name;
    }
  }
  return NULL;
}

/// Begins to decode; rows will come as 8 bits a channel, grey or RGB.
static inline int guarded_jpeg_start(guarded_jpeg_reader *reader) {
  if (setjmp(reader->escape)) return 0;
  reader->info.out_color_space =
      reader->info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&reader->info);
  // Of several scans libjpeg takes as many as there are.
  if (reader->is_cut_short)
    guarded_jpeg_escape(reader, "the file ends too early");
  return 1;
}

/// Decodes the next row.
static inline int guarded_jpeg_read_row(
    guarded_jpeg_reader *reader, unsigned char *row) {
  if (setjmp(reader->escape)) return 0;
  jpeg_read_scanlines(&reader->info, &row, 1);
  return 1;
}

static inline void guarded_jpeg_close(guarded_jpeg_reader *reader) {
  // Does not fail, and passes over what was never made.
  if (reader->info.mem) jpeg_destroy_decompress(&reader->info);
  free(reader);
}
