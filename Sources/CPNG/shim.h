#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// libpng reports an error by a long jump, which must not cross a Swift frame.
// Each function below catches the jumps of the libpng calls it makes, returns
// 0, and leaves libpng's words in `problem`. Warnings of what stands in the way
// of no pixel are dropped.

typedef struct {
  png_structp png;
  png_infop info;
  const unsigned char *bytes;
  size_t remaining;
  int is_open;
  char problem[96];
} guarded_png_reader;

static inline void guarded_png_fail(png_structp png, png_const_charp words) {
  guarded_png_reader *reader = (guarded_png_reader *)png_get_error_ptr(png);
  strncpy(reader->problem, words, sizeof reader->problem - 1);
  png_longjmp(png, 1);
}

static inline void guarded_png_warn(png_structp png, png_const_charp words) {
  // Of the pixels, libpng also warns of wrong checksums; only what is there
  // beside them, and the checksums of chunks that are not read, may be wrong.
  guarded_png_reader *reader = (guarded_png_reader *)png_get_error_ptr(png);
  if (reader->is_open && !strstr(words, "Extra compressed data") &&
      !strstr(words, "Too much image data") && !strstr(words, "CRC error"))
    guarded_png_fail(png, words);
}

static inline void guarded_png_take(
    png_structp png, png_bytep target, size_t count) {
  guarded_png_reader *reader = (guarded_png_reader *)png_get_io_ptr(png);
  if (count > reader->remaining) png_error(png, "the file ends too early");
  memcpy(target, reader->bytes, count);
  reader->bytes += count;
  reader->remaining -= count;
}

/// Starts to read `count` bytes of a PNG file and its header. Rows will come as
/// 8 or 16 bits a channel, palettes resolved, in the machine's byte order.
static inline int guarded_png_open(
    guarded_png_reader *reader, const unsigned char *bytes, size_t count) {
  memset(reader, 0, sizeof *reader);
  reader->bytes = bytes;
  reader->remaining = count;
  reader->png = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, reader, guarded_png_fail, guarded_png_warn);
  if (!reader->png) return 0;
  reader->info = png_create_info_struct(reader->png);
  if (!reader->info) return 0;
  if (setjmp(png_jmpbuf(reader->png))) return 0;
  png_set_read_fn(reader->png, reader, guarded_png_take);
  // No chunk but the critical ones is looked at.
  png_set_keep_unknown_chunks(
      reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(reader->png, reader->info);
  png_set_benign_errors(reader->png, 1);
  reader->is_open = 1;
  png_byte depth = png_get_bit_depth(reader->png, reader->info);
  png_byte type = png_get_color_type(reader->png, reader->info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader->png);
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8)
    png_set_expand_gray_1_2_4_to_8(reader->png);
  png_set_strip_alpha(reader->png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (depth == 16) png_set_swap(reader->png);
#endif
  png_read_update_info(reader->png, reader->info);
  return 1;
}

/// Reads the next row, of the next pass if the picture is interlaced.
static inline int guarded_png_read_row(
    guarded_png_reader *reader, unsigned char *row) {
  if (setjmp(png_jmpbuf(reader->png))) return 0;
  png_read_row(reader->png, row, NULL);
  return 1;
}

/// Reads what follows the pixels, to see that the file is whole.
static inline int guarded_png_read_end(guarded_png_reader *reader) {
  if (setjmp(png_jmpbuf(reader->png))) return 0;
  png_read_end(reader->png, NULL);
  return 1;
}

static inline void guarded_png_close(guarded_png_reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
}
