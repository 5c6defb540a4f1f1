/* Forms: the page at /forms/post, which posts to /post, and /upload for files. */
#include "httpbin.h"

static const char order[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<title>Order a pizza</title>\n<style>\n"
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;"
    "margin:2rem auto;padding:0 1rem}label{display:block;margin:.5rem 0}"
    "input:not([type=radio]):not([type=checkbox]),textarea{display:block;width:100%;"
    "box-sizing:border-box;font:inherit;padding:.4rem}fieldset{margin:1rem 0;border-radius:.4rem;"
    "border:1px solid #8888}button{font:inherit;padding:.4rem 1rem}\n"
    "</style>\n</head>\n<body>\n<h1>Order a pizza</h1>\n<form method=\"post\" action=\"/post\">\n"
    "<label>Customer name <input name=\"custname\"></label>\n"
    "<label>Telephone <input type=\"tel\" name=\"custtel\"></label>\n"
    "<label>E-mail address <input type=\"email\" name=\"custemail\"></label>\n"
    "<fieldset><legend>Pizza size</legend>\n"
    "<label><input type=\"radio\" name=\"size\" value=\"small\"> Small</label>\n"
    "<label><input type=\"radio\" name=\"size\" value=\"medium\"> Medium</label>\n"
    "<label><input type=\"radio\" name=\"size\" value=\"large\"> Large</label>\n</fieldset>\n"
    "<fieldset><legend>Pizza toppings</legend>\n"
    "<label><input type=\"checkbox\" name=\"topping\" value=\"bacon\"> Bacon</label>\n"
    "<label><input type=\"checkbox\" name=\"topping\" value=\"cheese\"> Extra cheese</label>\n"
    "<label><input type=\"checkbox\" name=\"topping\" value=\"onion\"> Onion</label>\n"
    "<label><input type=\"checkbox\" name=\"topping\" value=\"mushroom\"> Mushroom</label>\n"
    "</fieldset>\n"
    "<label>Preferred delivery time <input type=\"time\" min=\"11:00\" max=\"21:00\" step=\"900\" "
    "name=\"delivery\"></label>\n"
    "<label>Delivery instructions <textarea name=\"comments\"></textarea></label>\n"
    "<button>Submit order</button>\n</form>\n</body>\n</html>\n";

static int show_form(garm_ctx *c)
{
    return garm_bytes_view(c, 200, "text/html; charset=utf-8", order, sizeof(order) - 1);
}

/* What came, and how much; of a form its files and fields, of any other body nothing more. */
static int show_upload(garm_ctx *c)
{
    struct request_view req;
    struct body_view body;
    GARM_TRY(view_request(c, &req));
    GARM_TRY(view_body(c, &body));
    return garm_json(c, 200, req.args, garm_kv("bytes_received", (int64_t)body.size), body.files,
                     body.form, req.headers, req.method, req.origin, req.url);
}

void add_forms(garm_app *app)
{
    garm_route(app, "GET /forms/post", show_form);
    garm_route(app, "POST /upload", show_upload);
    garm_route(app, "PUT /upload", show_upload);
    garm_route(app, "PATCH /upload", show_upload);
}
