// QuickJS-ng, with what an image needs of its insides.
#include <quickjs.c>

#include "process_state.h"

JSValue newErrorWithStack(JSContext *js, JSValue stack) {
  JSValue error = JS_NewObjectClass(js, JS_CLASS_ERROR);
  if (JS_IsException(error)) {
    JS_FreeValue(js, stack);
  } else {
    JS_VALUE_GET_OBJ(error)->u.object_data = stack;
    // Else the engine makes a text of all callers when it is thrown.
    if (JS_IsUndefined(js->error_back_trace)) js->error_back_trace = JS_NULL;
  }
  return error;
}

void fixSeeds(JSContext *js) {
  js->random_state = 1;
  js->hash_seed = 0;
}

// As add_property() would make it, if memory began at 0.
static uint32_t hashOf(JSShape *shape, uintptr_t base) {
  uintptr_t proto = (uintptr_t)shape->proto;
  uint32_t hash = shape_initial_hash((JSObject *)(proto == 0 ? 0 : proto - base));
  JSShapeProperty *properties = get_shape_prop(shape);
  for (int i = 0; i < shape->prop_count; ++i) {
    hash = shape_hash(shape_hash(hash, properties[i].atom), properties[i].flags);
  }
  return hash;
}

// Hashes the shapes, and clears the bytes between fields, which are what was there before.
static void tidyObjects(JSRuntime *runtime, uintptr_t base) {
  struct list_head *each;
  memset(runtime->shape_hash, 0, sizeof(runtime->shape_hash[0]) * runtime->shape_hash_size);
  runtime->shape_hash_count = 0;
  list_for_each(each, &runtime->gc_obj_list) {
    JSGCObjectHeader *object = list_entry(each, JSGCObjectHeader, link);
    if (JS_GC_TYPE(object) == JS_GC_OBJ_TYPE_JS_OBJECT) {
      // Nine bits of flags are in the two bytes before it.
      ((uint8_t *)&((JSObject *)object)->class_id)[-1] &= 1;
    } else if (JS_GC_TYPE(object) == JS_GC_OBJ_TYPE_VAR_REF) {
      JSVarRef *variable = (JSVarRef *)object;
      memset(&variable->is_coro + 1, 0, offsetof(JSVarRef, pvalue) - offsetof(JSVarRef, is_coro) - 1);
    } else if (JS_GC_TYPE(object) == JS_GC_OBJ_TYPE_SHAPE) {
      JSShape *shape = (JSShape *)object;
      memset(&shape->is_hashed + 1, 0, offsetof(JSShape, hash) - offsetof(JSShape, is_hashed) - 1);
      shape->hash = 0;
      shape->shape_hash_next = NULL;
      if (!shape->is_hashed) continue;
      shape->hash = hashOf(shape, base);
      js_shape_hash_link(runtime, shape);
    }
  }
}

// What was freed may have kept anything.
static void clearFreeBlocks(JSRuntime *runtime) {
  for (int index = 0; index < JS_ARENA_BLOCK_SIZE_COUNT; ++index) {
    const int size = arena_block_sizes[index];
    struct list_head *each;
    list_for_each(each, &runtime->arena_state.free_arena_list[index]) {
      JSArena *arena = list_entry(each, JSArena, free_link);
      unsigned int at = arena->first_free_block;
      while (at != JS_ARENA_FREE_NIL) {
        JSMallocBlockHeader *block = arena_get_block(arena, at, size);
        const uint16_t next = block->u.free_next;
        memset(block, 0, size);
        block->u.free_next = next;
        block->block_size_idx = index;
        at = next;
      }
    }
  }
}

// Leaves room in the table of atoms, which is copied when it is full: each login makes some, and would wait for that.
static void leaveRoom(JSContext *js) {
  JSAtom atoms[256];
  const int count = sizeof(atoms) / sizeof(atoms[0]);
  for (int i = 0; i < count; ++i) {
    char name[16];
    snprintf(name, sizeof(name), "room %d", i);
    atoms[i] = JS_NewAtom(js, name);
  }
  for (int i = count; i-- > 0;) JS_FreeAtom(js, atoms[i]);
}

void leaveProcess(JSContext *js, uintptr_t base) {
  JSRuntime *runtime = js->rt;
  leaveRoom(js);
  js->interrupt_counter = JS_INTERRUPT_COUNTER_INIT;
  runtime->stack_size = 0;
  runtime->stack_top = 0;
  runtime->stack_limit = 0;
  tidyObjects(runtime, base);
  clearFreeBlocks(runtime);
}

// The shapes of an image are found by hashes that begin with the address of a prototype: as this process has it. A hash is a sum, so
// the difference at the beginning is multiplied once for each word that was added since.
static void rehashShapes(JSRuntime *runtime, uintptr_t base) {
  JSShape *all = NULL;
  for (int i = 0; i < runtime->shape_hash_size; ++i) {
    JSShape *next;
    for (JSShape *shape = runtime->shape_hash[i]; shape; shape = next) {
      next = shape->shape_hash_next;
      shape->shape_hash_next = all;
      all = shape;
    }
    runtime->shape_hash[i] = NULL;
  }
  runtime->shape_hash_count = 0;
  const uint32_t factor = shape_hash(1, 0) * shape_hash(1, 0);
  JSShape *next;
  for (JSShape *shape = all; shape; shape = next) {
    next = shape->shape_hash_next;
    if (shape->proto) {
      uint32_t more = shape_initial_hash(shape->proto) - shape_initial_hash((JSObject *)((uintptr_t)shape->proto - base));
      for (int i = 0; i < shape->prop_count; ++i) more *= factor;
      shape->hash += more;
    }
    js_shape_hash_link(runtime, shape);
  }
}

void enterProcess(JSContext *js, uintptr_t base) {
  js->random_state = js__gettimeofday_us();
  if (js->random_state == 0) js->random_state = 1;
  JS_UpdateStackTop(js->rt);
  rehashShapes(js->rt, base);
}
